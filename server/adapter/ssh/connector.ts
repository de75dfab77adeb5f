import { createHash, randomBytes } from "node:crypto";
import ssh2, { type Client, type ClientChannel } from "ssh2";
import type { SshTarget } from "../../core/domain/configuration.ts";
import { type ShellConnector, TargetUnreachable } from "../../gateway/ports.ts";
import { type Account, SshConnection } from "./connection.ts";
import { Link } from "./link.ts";
import { type Report, ReportFilter } from "./report.ts";
import { SharedLinks } from "./shared-links.ts";
import { probe } from "./wrapper.ts";

const READY_TIMEOUT_MS = 10_000;

type Credential = Parameters<ShellConnector["connect"]>[1];

/** A shared connection may turn out to be dead when it is looked at; then there is a new one. */
const ATTEMPTS = 3;

/**
 * Reaches hosts over SSH. A host whose key is not pinned, or is another one, is never talked to. Sessions of one person on
 * one target, with one credential, share their connection.
 */
export function createShellConnector(options: { readonly log?: (line: string) => void } = {}): ShellConnector {
  const shared = new Map<string, Promise<SharedLinks>>();
  const log = options.log ?? (() => undefined);

  const dial = async (target: SshTarget, credential: Credential): Promise<Link> => {
    const client = await authenticate(target, credential);
    client.setNoDelay(true);
    client.on("error", (error) => log(`ssh to \`${target.id}\`: ${error.message}`));
    return new Link(client);
  };
  const begin = async (target: SshTarget, credential: Credential): Promise<SharedLinks> =>
    new SharedLinks(await dial(target, credential), () => dial(target, credential));

  return {
    async connect(target, credential, principal) {
      const key = keyOf(target, credential, principal);
      for (let attempt = 1; ; attempt++) {
        const before = shared.get(key);
        const opening = before ?? begin(target, credential);
        shared.set(key, opening);
        const forget = (): void => {
          if (shared.get(key) === opening) shared.delete(key);
        };
        let links: SharedLinks | null = null;
        try {
          links = await opening;
          links.onClosed(forget);
          const account = await lookAround(links, target);
          if (links.closed === null) return new SshConnection(links, account);
        } catch (error) {
          forget();
          links?.close(error instanceof Error ? error.message : String(error));
          if (before === undefined) throw error;
        }
        if (attempt === ATTEMPTS) throw new TargetUnreachable(`\`${target.id}\` cannot be used: its connections break`);
      }
    },
    async close() {
      for (const opening of shared.values()) {
        const links = await opening.catch(() => null);
        links?.close("Gatehouse stops");
      }
    },
  };
}

/** Only what leads to the same account of the same host with the same credential is shared. */
function keyOf(target: SshTarget, credential: Credential, principal: { readonly id: string }): string {
  return createHash("sha256")
    .update(JSON.stringify([principal.id, target.id, target.ssh, target.labels, credential]))
    .digest("base64");
}

function authenticate(target: SshTarget, credential: Credential): Promise<Client> {
  const { host, port, user, hostKey } = target.ssh;
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    let seen: string | null = null;
    const failed = (error: Error & { level?: string; code?: string }) => {
      client.destroy();
      reject(new TargetUnreachable(explain(target, seen, error), { cause: error }));
    };
    client.once("error", failed);
    client.once("ready", () => {
      client.off("error", failed);
      resolve(client);
    });
    try {
      client.connect({
        host,
        port,
        username: user,
        ...(credential.privateKey === null ? {} : { privateKey: credential.privateKey }),
        ...(credential.password === null ? {} : { password: credential.password }),
        readyTimeout: READY_TIMEOUT_MS,
        keepaliveInterval: 15_000,
        keepaliveCountMax: 3,
        hostVerifier: (key: Buffer) => {
          seen = `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
          return hostKey !== undefined && seen === hostKey.replace(/=+$/, "");
        },
        algorithms: { cipher: { prepend: ["aes256-gcm@openssh.com"], append: [], remove: [] } },
      });
    } catch (error) {
      failed(error instanceof Error ? error : new Error(String(error)));
    }
  });
}

/** For the person who opened the session and for the admin that they will ask. */
function explain(target: SshTarget, seen: string | null, error: Error & { level?: string; code?: string }): string {
  const { host, port, user, hostKey } = target.ssh;
  const place = `\`${target.id}\` (${host}:${port})`;
  if (seen !== null && hostKey === undefined) {
    return `the host key of ${place} is not pinned; it shows \`${seen}\`. If that is the host's, an admin sets \`hostKey: "${seen}"\` in the target`;
  }
  if (seen !== null && hostKey !== undefined && seen !== hostKey.replace(/=+$/, "")) {
    return `the host key of ${place} is not the pinned one: it shows \`${seen}\`, pinned is \`${hostKey}\`. Somebody may be in between; if the host was reinstalled, an admin pins the new key`;
  }
  if (error.level === "client-authentication")
    return `${place} does not let \`${user}\` in with the gateway's credential; an admin checks \`privateKey\` and the account's authorized_keys`;
  if (/privateKey|parse|passphrase/i.test(error.message))
    return `the credential of ${place} is not a private key that can be used: ${error.message}`;
  switch (error.code) {
    case "ECONNREFUSED":
      return `${place} refuses the connection: no SSH server listens there`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `there is no host of the name \`${host}\``;
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return `there is no way to ${place} from here`;
    case "ETIMEDOUT":
      return `${place} does not answer`;
    default:
      return /timed out/i.test(error.message) ? `${place} does not answer` : `no SSH connection to ${place}: ${error.message}`;
  }
}

/** Who and where the account is, and what reads its lines. Fails where there is no shell, and on a connection that is dead. */
async function lookAround(links: SharedLinks, target: SshTarget): Promise<Account> {
  const unusable = (reason: string) => new TargetUnreachable(`\`${target.id}\` cannot be used: ${reason}`);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(unusable("its login shell does not answer")), READY_TIMEOUT_MS);
  });
  let complaint = "";
  try {
    for (const language of ["bash", "sh"] as const) {
      const nonce = randomBytes(8).toString("hex");
      const asked = links.exec(probe(nonce, language), {}, (channel) => ({ answer: reportOf(channel, nonce) }));
      const { report, said } = await Promise.race([asked.then(({ answer }) => answer), late]);
      complaint = said.trim();
      if (report === null) continue;
      const user = report.subject === "" ? target.ssh.user : report.subject;
      return { user, home: report.directory, path: target.labels["gatehouse.path"] ?? null, language };
    }
  } catch (error) {
    throw error instanceof TargetUnreachable ? error : unusable(error instanceof Error ? error.message : String(error));
  } finally {
    clearTimeout(timer);
  }
  throw unusable(`it needs /bin/bash or /bin/sh, and /usr/bin/env${complaint === "" ? "" : ` (${complaint})`}`);
}

function reportOf(channel: ClientChannel, nonce: string): Promise<{ report: Report | null; said: string }> {
  let report: Report | null = null;
  let said = "";
  const filter = new ReportFilter(nonce, (found) => {
    report ??= found;
  });
  channel.on("data", (chunk: Buffer) => filter.push(chunk));
  channel.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString("utf8")).slice(-300);
  });
  return new Promise((resolve) => channel.on("close", () => resolve({ report, said })));
}
