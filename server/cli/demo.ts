import { join } from "node:path";
import { readConfig } from "../config.ts";
import { loadDemoCompany } from "../demo/company.ts";
import { demoConfiguration } from "../demo/configuration.ts";
import { startEmbeddedPostgres } from "../demo/embedded-postgres.ts";
import { DEMO_ACCOUNTS, startDemoIdentityProvider } from "../demo/identity-provider.ts";
import { startDemoHost } from "../demo/ssh-host.ts";
import { startGateway } from "../main.ts";
import { serve } from "../serve.ts";
import { UsageError } from "./failures.ts";
import { untilStopped } from "./until-stopped.ts";
import { keysOf } from "./with-gateway.ts";

/** `gatehouse demo`: everything on this machine, on loopback, in the data folder. */
export async function demoCommand(options: { readonly port: string; readonly development?: boolean }): Promise<void> {
  const port = Number(options.port);
  if (!Number.isInteger(port) || port < 1 || port > 65_534) throw new UsageError("`--port` takes a number from 1 to 65534");
  const config = readConfig();
  const data = config.GATEHOUSE_DATA;
  const publicUrl = config.GATEHOUSE_PUBLIC_URL ?? `http://localhost:${port}`;
  const began = Date.now();
  const log = (line: string): void => {
    process.stderr.write(`  ${line}\n`);
  };
  const stops: (() => Promise<void>)[] = [];
  await untilStopped(stops, async () => {
    const postgres = await startEmbeddedPostgres({ folder: join(data, "postgres"), log });
    stops.unshift(() => postgres.stop());
    await postgres.createDatabase("gatehouse");
    const shop = await loadDemoCompany(postgres, log);
    const host = await startDemoHost({ folder: join(data, "host"), log });
    stops.unshift(() => host.stop());
    const keys = await keysOf(config);
    const started = await startGateway({
      storeUrl: postgres.connectionString("gatehouse"),
      keys,
      checkpoints: config.GATEHOUSE_CHECKPOINTS ?? join(data, "checkpoints.jsonl"),
      publicUrl,
      recordingDays: config.GATEHOUSE_RECORDING_DAYS,
      log,
    });
    stops.unshift(() => started.stop());
    if (started.gateway.context.configuration.list().items.length === 0)
      await started.gateway.context.configuration.apply(await demoConfiguration(host.home), "system");
    await started.gateway.context.configuration.apply(await demoTargets(data, shop, host), "system");
    const provider = await startDemoIdentityProvider({
      port: port + 1,
      clientId: "gatehouse",
      clientSecret: keys.client,
      publicUrl,
      cookieKey: keys.session,
    });
    stops.unshift(() => provider.stop());
    const serving = await serve({
      started,
      host: "127.0.0.1",
      port,
      publicUrl,
      secret: keys.session,
      signInMs: config.GATEHOUSE_SIGN_IN_HOURS * 3_600_000,
      provider: {
        wellKnown: `${provider.issuer}/.well-known/openid-configuration`,
        clientId: "gatehouse",
        clientSecret: keys.client,
        scope: "openid email profile groups",
        groupsClaim: "groups",
        attributeClaims: { region: "region" },
      },
      development: options.development === true,
      log,
    });
    stops.unshift(() => serving.stop());
    process.stdout.write(welcome(publicUrl, host.kind, (Date.now() - began) / 1_000));
  });
}

async function demoTargets(
  data: string,
  shop: { readonly host: string; readonly port: number; readonly user: string; readonly password: string },
  host: Awaited<ReturnType<typeof startDemoHost>>,
): Promise<string> {
  const { mkdir, writeFile } = await import("node:fs/promises");
  const folder = join(data, "credentials");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const passwordFile = join(folder, "shop");
  await writeFile(passwordFile, `${shop.password}\n`, { mode: 0o600 });
  const documents = [
    {
      kind: "target",
      id: "shop",
      description: "The shop's database",
      type: "postgres",
      environment: "prod",
      labels: { team: "shop" },
      postgres: {
        host: shop.host,
        port: shop.port,
        database: "shop",
        user: shop.user,
        password: { file: passwordFile },
        tls: "disable",
      },
    },
    // One machine under two names: what differs is the environment, and with it what policy lets be done.
    ...(
      [
        ["web-1", "The host of the shop's API", "prod"],
        ["web-2", "The host on which the next version is tried", "staging"],
      ] as const
    ).map(([id, description, environment]) => ({
      kind: "target",
      id,
      description,
      type: "ssh",
      environment,
      labels: { team: "shop", "gatehouse.path": host.programs },
      ssh: {
        host: host.host,
        port: host.port,
        user: host.user,
        privateKey: { file: host.privateKeyFile },
        hostKey: host.hostKey,
      },
    })),
  ];
  return documents.map((document) => JSON.stringify(document)).join("\n---\n");
}

function welcome(url: string, host: string, seconds: number): string {
  const people = DEMO_ACCOUNTS.map(({ email, groups }) => `    ${email.padEnd(22)} ${groups.join(", ")}`).join("\n");
  return `
  Gatehouse is ready: ${url}   (started in ${seconds.toFixed(1)} s; host: ${host === "openssh" ? "OpenSSH" : "ssh2, OpenSSH is not installed"})

  Sign in as (no password; use a browser profile or private window for each):
${people}

  Try, as the engineer:
    shop    select * from customers limit 50;          e-mails and cards are masked in the database
            select * from payments;                    denied, and says by which policy
            delete from orders;                        waits until the reviewer says yes
    web-1   tail -f shop-api/logs/app.log              personal data is masked as it streams
            cat shop-api/.env                          denied
            systemctl restart shop-api                 waits until the reviewer says yes
  As the reviewer: Reviews. As the admin: Admin and Record.

  Ctrl-C stops everything.
`;
}
