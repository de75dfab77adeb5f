import { createHash, createPublicKey, randomBytes, verify } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { createNotifier } from "./adapter/notify/index.ts";
import { createPostgresConnector, createSqlParser } from "./adapter/postgres/index.ts";
import type { Keys } from "./adapter/secret/keys.ts";
import { createSecretStore } from "./adapter/secret/secret-store.ts";
import { createShellConnector } from "./adapter/ssh/index.ts";
import { ChainedAuditLog, publicKeyOf } from "./adapter/store/audit-log.ts";
import { PostgresChangeFeed } from "./adapter/store/changes.ts";
import { createConfigurationStore } from "./adapter/store/configuration-store.ts";
import { createGrantStore } from "./adapter/store/grant-store.ts";
import { createHistoryStore } from "./adapter/store/history-store.ts";
import { createNotificationStore } from "./adapter/store/notification-store.ts";
import { createPeopleStore } from "./adapter/store/people-store.ts";
import { createPresenceStore } from "./adapter/store/presence-store.ts";
import { createRecordReader } from "./adapter/store/record-reader.ts";
import { createRecordingStore } from "./adapter/store/recording-store.ts";
import { createReviewStore } from "./adapter/store/review-store.ts";
import { createRunStore } from "./adapter/store/run-store.ts";
import { createSignInStore } from "./adapter/store/sign-in-store.ts";
import { openStore } from "./adapter/store/store.ts";
import { createTerminalTabStore } from "./adapter/store/terminal-tab-store.ts";
import { createWatchStore } from "./adapter/store/watch-store.ts";
import { OWN_VARIABLES } from "./config.ts";
import { createGateway, type Gateway } from "./gateway/create-gateway.ts";

/**
 * The composition root: the store's address and the keys become a gateway with its adapters. One gateway per process;
 * who serves pages installs it (see serve.ts), the command line uses it as it is.
 */

export interface StartOptions {
  readonly storeUrl: string;
  readonly keys: Keys;
  /** Where checkpoints go outside the database; null: nowhere. */
  readonly checkpoints: string | null;
  readonly log: (line: string) => void;
  /** Where pages are served; absent: nowhere, and notifications are left to replicas that serve. */
  readonly publicUrl?: string;
  /** So long recordings are kept; absent: for ever, or until another replica takes them away. */
  readonly recordingDays?: number | undefined;
  /** This machine's clock, in milliseconds since the epoch. */
  readonly now?: () => number;
}

export interface Started {
  readonly gateway: Gateway;
  stop(): Promise<void>;
}

/** The package's own folder, from sources as from the bundle. */
export function packageFolder(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "drizzle", "migrations"))) return folder;
    if (folder === dirname(folder))
      throw new Error("the folder `drizzle/migrations` is missing: the installation is not complete");
  }
}

export async function startGateway(options: StartOptions): Promise<Started> {
  const { log, keys, now = Date.now } = options;
  const root = packageFolder();
  const store = await openStore(options.storeUrl, join(root, "drizzle", "migrations"), log);
  const audit = new ChainedAuditLog(
    store.pool,
    keys.checkpoint,
    options.checkpoints === null ? null : resolve(options.checkpoints),
    Date.now,
    log,
  );
  const changes = new PostgresChangeFeed(options.storeUrl, log);
  const parser = createSqlParser({ workerUrl: workerUrl(root) });
  const sql = createPostgresConnector({ parser, now: Date.now });
  const shell = createShellConnector({ log });
  await audit.start("0.1.0");
  await changes.start();
  const gateway = await createGateway({
    clock: { now },
    identifier: () => randomBytes(12).toString("base64url"),
    sha256: (text) => createHash("sha256").update(text, "utf8").digest("hex"),
    audit,
    record: createRecordReader(store.pool),
    configurations: createConfigurationStore(store.pool),
    reviews: createReviewStore(store.pool),
    grants: createGrantStore(store.pool),
    runs: createRunStore(store.pool),
    presence: createPresenceStore(store.pool),
    watches: createWatchStore(store.pool),
    people: createPeopleStore(store.pool),
    notifications: createNotificationStore(store.pool),
    notifier: createNotifier({ now }),
    publicUrl: options.publicUrl ?? null,
    recordings: createRecordingStore(store.pool),
    recordingDays: options.recordingDays ?? null,
    histories: createHistoryStore(store.pool),
    terminalTabs: createTerminalTabStore(store.pool),
    signIns: createSignInStore(store.pool),
    changes,
    secrets: createSecretStore(process.env, OWN_VARIABLES, keys.seal),
    parser,
    sql,
    shell,
    verifySignature: (text, signature, publicKey) =>
      verify(
        null,
        Buffer.from(text),
        createPublicKey({ key: Buffer.from(publicKey, "base64"), format: "der", type: "spki" }),
        Buffer.from(signature, "base64"),
      ),
    publicKey: publicKeyOf(keys.checkpoint),
    maskKey: keys.mask,
    log,
  });
  return {
    gateway,
    stop: async () => {
      await gateway.close();
      await Promise.all([sql.close(), shell.close()]);
      await parser.close();
      await audit.close();
      await changes.close();
      await store.close();
    },
  };
}

/** Bundled, the worker's file stands beside the bundle; else beside its source. */
function workerUrl(root: string): URL {
  return new URL(`file://${join(root, "server", "adapter", "postgres", "parser-worker.mjs")}`);
}
