import pg from "pg";
import { z } from "zod";
import type { Change, ChangeFeed } from "../../gateway/store-ports.ts";
import { reason } from "./store.ts";

const CHANNEL = "gatehouse_changes";
const RETRY_MS = 500;
const HEARTBEAT_MS = 2_000;

const Announcement = z.discriminatedUnion("topic", [
  z.object({ topic: z.literal("configuration") }),
  z.object({ topic: z.literal("review"), id: z.string() }),
  z.object({ topic: z.literal("sign-in"), sid: z.string() }),
  z.object({ topic: z.literal("grant"), id: z.string() }),
  z.object({ topic: z.literal("person"), id: z.string() }),
  z.object({ topic: z.literal("outbox") }),
  z.object({ topic: z.literal("session"), id: z.string() }),
]);

/** Says it on the same connection that made the change, so that it is heard when the change is there to be read. */
export async function announce(
  client: { query(text: string, values: unknown[]): Promise<unknown> },
  change: Change,
): Promise<void> {
  await client.query("SELECT pg_notify($1, $2)", [CHANNEL, JSON.stringify(change)]);
}

/**
 * LISTEN on a connection of its own, with a heartbeat: a connection that died without a word would let revocations pass
 * unheard. After each reconnect listeners are told that the configuration changed, since it may have.
 */
export class PostgresChangeFeed implements ChangeFeed {
  readonly #url: string;
  readonly #log: (line: string) => void;
  readonly #listeners = new Set<(change: Change) => void>();
  #client: pg.Client | null = null;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;
  alive = false;

  constructor(url: string, log: (line: string) => void) {
    this.#url = url;
    this.#log = log;
  }

  async start(): Promise<void> {
    await this.#connect();
  }

  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.alive = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#client?.end().catch((error: unknown) => this.#log(`closing the change feed: ${reason(error)}`));
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#url,
      connectionTimeoutMillis: 5_000,
      application_name: "gatehouse changes",
    });
    let lost = false;
    const lose = (why: string): void => {
      if (lost) return;
      lost = true;
      this.alive = false;
      client.end().catch(() => undefined);
      if (this.#closed) return;
      this.#log(`change feed lost: ${why}; trying again`);
      this.#timer = setTimeout(() => void this.#reconnect(), RETRY_MS);
    };
    client.on("error", (error) => lose(error.message));
    client.on("end", () => lose("connection ended"));
    client.on("notification", (message) => this.#hear(message.payload ?? ""));
    await client.connect();
    await client.query(`LISTEN ${CHANNEL}`);
    this.#client = client;
    this.alive = true;
    this.#beat(client, lose);
  }

  async #reconnect(): Promise<void> {
    try {
      await this.#connect();
      for (const listener of this.#listeners) listener({ topic: "configuration" });
    } catch (error) {
      if (!this.#closed) this.#timer = setTimeout(() => void this.#reconnect(), RETRY_MS);
      this.#log(`change feed: ${reason(error)}`);
    }
  }

  #beat(client: pg.Client, lose: (why: string) => void): void {
    this.#timer = setTimeout(async () => {
      const late = setTimeout(() => lose("no answer to a heartbeat"), HEARTBEAT_MS);
      try {
        await client.query("SELECT 1");
        clearTimeout(late);
        if (this.alive && !this.#closed) this.#beat(client, lose);
      } catch (error) {
        clearTimeout(late);
        lose(reason(error));
      }
    }, HEARTBEAT_MS);
    this.#timer.unref();
  }

  #hear(payload: string): void {
    const parsed = Announcement.safeParse(parseJson(payload));
    if (!parsed.success) {
      this.#log("change feed: an announcement that is not one");
      return;
    }
    for (const listener of this.#listeners) listener(parsed.data);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
