import { createHash, randomBytes } from "node:crypto";
import ssh2, { type Client } from "ssh2";
import type { SshTarget } from "../../core/domain/configuration.ts";
import { type ShellConnection, type ShellConnector, TargetUnreachable } from "../../gateway/ports.ts";
import { SshConnection } from "./connection.ts";
import { type Report, ReportFilter } from "./report.ts";
import { probe } from "./wrapper.ts";

const READY_TIMEOUT_MS = 10_000;

/** Reaches hosts over SSH. A host whose key is not pinned, or is another one, is never talked to. */
export function createShellConnector(options: { readonly log?: (line: string) => void } = {}): ShellConnector {
  const open = new Set<ShellConnection>();
  const log = options.log ?? (() => undefined);
  return {
    async connect(target, credential) {
      const client = await authenticate(target, credential);
      client.setNoDelay(true);
      client.on("error", (error) => log(`ssh to \`${target.id}\`: ${error.message}`));
      try {
        const { user, home } = await lookAround(client, target);
        const connection = new SshConnection(client, {
          user: user === "" ? target.ssh.user : user,
          home,
          path: target.labels["gatehouse.path"] ?? null,
        });
        open.add(connection);
        connection.onClosed(() => open.delete(connection));
        return connection;
      } catch (error) {
        client.destroy();
        throw error;
      }
    },
    async close() {
      for (const connection of open) connection.close();
    },
  };
}

function authenticate(
  target: SshTarget,
  credential: { readonly privateKey: string | null; readonly password: string | null },
): Promise<Client> {
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

/** The account's home, as a physical path. Fails where there is no bash. */
function lookAround(client: Client, target: SshTarget): Promise<{ user: string; home: string }> {
  const nonce = randomBytes(8).toString("hex");
  return new Promise((resolve, reject) => {
    const unusable = (reason: string) => reject(new TargetUnreachable(`\`${target.id}\` cannot be used: ${reason}`));
    const timer = setTimeout(() => unusable("its login shell does not answer"), READY_TIMEOUT_MS);
    client.exec(probe(nonce), (error, channel) => {
      if (error !== undefined) {
        clearTimeout(timer);
        unusable(error.message);
        return;
      }
      let report: Report | null = null;
      let complaint = "";
      const filter = new ReportFilter(nonce, (found) => {
        report ??= found;
      });
      channel.on("data", (chunk: Buffer) => filter.push(chunk));
      channel.stderr.on("data", (chunk: Buffer) => {
        complaint = (complaint + chunk.toString("utf8")).slice(-300);
      });
      channel.on("close", () => {
        clearTimeout(timer);
        if (report === null) unusable(`it needs /bin/bash and /usr/bin/env${complaint === "" ? "" : ` (${complaint.trim()})`}`);
        else resolve({ user: report.subject, home: report.directory });
      });
    });
  });
}
