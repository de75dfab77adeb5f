import { type Config, ConfigError, readConfig } from "../config.ts";
import type { Gateway } from "../gateway/create-gateway.ts";
import type { Installed } from "../gateway/gateway.ts";
import { startGateway } from "../main.ts";
import { serve } from "../serve.ts";
import { storeAddress } from "./store-address.ts";
import { untilStopped } from "./until-stopped.ts";
import { type GlobalOptions, keysOf } from "./with-gateway.ts";

/** `gatehouse serve`: the workbench with one's own store and identity provider. */
export async function serveCommand(options: GlobalOptions): Promise<void> {
  const config = readConfig();
  const provider = providerOf(config);
  const log = (line: string): void => {
    process.stderr.write(`${new Date().toISOString()} ${line}\n`);
  };
  const stops: (() => Promise<void>)[] = [];
  await untilStopped(stops, async () => {
    const address = await storeAddress(config, options.store, log);
    stops.unshift(() => address.stop());
    const keys = await keysOf(config);
    const publicUrl = config.GATEHOUSE_PUBLIC_URL ?? `http://localhost:${config.PORT}`;
    const checkpoints = config.GATEHOUSE_CHECKPOINTS ?? null;
    const started = await startGateway({
      storeUrl: address.url,
      keys,
      checkpoints,
      publicUrl,
      recordingDays: config.GATEHOUSE_RECORDING_DAYS,
      log,
    });
    stops.unshift(() => started.stop());
    await bootstrap(started.gateway, config.GATEHOUSE_ADMIN_GROUP);
    const serving = await serve({
      started,
      host: config.GATEHOUSE_HOST,
      port: config.PORT,
      publicUrl,
      secret: keys.session,
      signInMs: config.GATEHOUSE_SIGN_IN_HOURS * 3_600_000,
      provider,
      development: false,
      log,
    });
    stops.unshift(() => serving.stop());
    log(`Gatehouse serves ${publicUrl} (listening on ${config.GATEHOUSE_HOST}:${config.PORT})`);
  });
}

function providerOf(config: Config): Installed["identity"]["provider"] {
  const { OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET } = config;
  if (OIDC_ISSUER === undefined || OIDC_CLIENT_ID === undefined || OIDC_CLIENT_SECRET === undefined) {
    throw new ConfigError(
      "set OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET: people sign in with your identity provider; to try Gatehouse without one, run `gatehouse demo`",
    );
  }
  return {
    wellKnown: `${OIDC_ISSUER.replace(/\/$/, "")}/.well-known/openid-configuration`,
    clientId: OIDC_CLIENT_ID,
    clientSecret: OIDC_CLIENT_SECRET,
    scope: config.OIDC_SCOPE,
    groupsClaim: config.OIDC_GROUPS_CLAIM,
    attributeClaims: config.OIDC_ATTRIBUTES,
  };
}

/** An empty configuration lets nobody in to change it: the first start maps the admin group. */
async function bootstrap(gateway: Gateway, group: string): Promise<void> {
  if (gateway.context.configuration.list().items.length > 0) return;
  const policy = {
    kind: "policy",
    id: "administrators",
    description: "Made at the first start from GATEHOUSE_ADMIN_GROUP",
    effect: "permit",
    principals: { groups: [group] },
    actions: ["admin:*", "audit:read"],
  };
  await gateway.context.configuration.apply(JSON.stringify(policy), "system");
}
