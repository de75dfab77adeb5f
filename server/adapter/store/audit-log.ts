import { createHash, createPrivateKey, createPublicKey, type KeyObject, randomUUID, sign } from "node:crypto";
import { appendFile } from "node:fs/promises";
import type pg from "pg";
import { canonical, GENESIS, link } from "../../core/audit/chain.ts";
import { type Checkpoint, checkpointText } from "../../core/audit/verify.ts";
import type { AuditEntry, AuditEvent } from "../../core/domain/audit.ts";
import type { AuditLog } from "../../gateway/ports.ts";
import { StoreError } from "../../gateway/store-ports.ts";
import { reason } from "./store.ts";

export const sha256 = (text: string): string => createHash("sha256").update(text, "utf8").digest("hex");

const BATCH = 200;
const CHECKPOINT_EVENTS = 1_000;
const CHECKPOINT_MS = 60_000;
/** What the search columns keep of a statement; the payload keeps what the event says. */
const STATEMENT_COLUMN_CHARACTERS = 20_000;

interface Waiting {
  readonly event: AuditEvent;
  readonly resolve: (entry: AuditEntry) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One chain for each start of a replica, so that no two writers share one. The next batch is written when the previous
 * commit has returned: as many events as came meanwhile become durable in one commit. When a batch fails its events are
 * refused, and nothing that waited for them happens; whether the database kept them is asked before the next batch, so
 * that the chain goes on from what is really there.
 */
export class ChainedAuditLog implements AuditLog {
  readonly chain = randomUUID();
  readonly #pool: pg.Pool;
  readonly #key: KeyObject;
  readonly #publicKey: string;
  readonly #exportFile: string | null;
  readonly #now: () => number;
  readonly #log: (line: string) => void;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | null = null;
  #seq = 0;
  #hash = GENESIS;
  #certain = true;
  #sinceCheckpoint = 0;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  /** `seed`: 32 bytes, the Ed25519 private key. `exportFile`: where checkpoints are appended outside the database; null: nowhere. */
  constructor(pool: pg.Pool, seed: Buffer, exportFile: string | null, now: () => number, log: (line: string) => void) {
    this.#pool = pool;
    this.#key = privateKeyOf(seed);
    this.#publicKey = publicKeyOf(seed);
    this.#exportFile = exportFile;
    this.#now = now;
    this.#log = log;
  }

  async start(build: string): Promise<void> {
    await this.append({ type: "chain.started", at: this.#now(), principal: "system", target: "", session: "", body: { build } });
    await this.checkpoint();
    this.#timer = setInterval(() => {
      this.checkpoint().catch((error: unknown) => this.#log(`cannot write a checkpoint: ${reason(error)}`));
    }, CHECKPOINT_MS);
    this.#timer.unref();
  }

  append(event: AuditEvent): Promise<AuditEntry> {
    if (this.#closed) return Promise.reject(new StoreError("the record is closed: Gatehouse is stopping"));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ event, resolve, reject });
      this.#writing ??= this.#drain();
    });
  }

  async #drain(): Promise<void> {
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH);
      try {
        const entries = await this.#write(batch.map((waiting) => waiting.event));
        batch.forEach((waiting, i) => {
          waiting.resolve(entries[i] as AuditEntry);
        });
      } catch (error) {
        this.#certain = false;
        const refusal = new StoreError(`cannot write to the record: ${reason(error)}`, { cause: error });
        for (const waiting of batch) waiting.reject(refusal);
      }
    }
    this.#writing = null;
    if (this.#sinceCheckpoint >= CHECKPOINT_EVENTS && !this.#closed) {
      this.#sinceCheckpoint = 0;
      this.checkpoint().catch((error: unknown) => this.#log(`cannot write a checkpoint: ${reason(error)}`));
    }
  }

  async #write(events: readonly AuditEvent[]): Promise<readonly AuditEntry[]> {
    if (!this.#certain) await this.#recover();
    const entries: AuditEntry[] = [];
    let { previous, seq } = { previous: this.#hash, seq: this.#seq };
    for (const event of events) {
      const entry = link(previous, this.chain, ++seq, canonical(event), sha256);
      entries.push(entry);
      previous = entry.hash;
    }
    await this.#pool.query(
      `INSERT INTO audit_event (chain, seq, previous, hash, payload, at, type, principal, target, session, outcome, statement)
       SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[])`,
      [
        this.chain,
        entries.map((entry) => entry.seq),
        entries.map((entry) => entry.previous),
        entries.map((entry) => entry.hash),
        entries.map((entry) => entry.payload),
        events.map((event) => event.at),
        events.map((event) => event.type),
        events.map((event) => storable(event.principal)),
        events.map((event) => storable(event.target)),
        events.map((event) => storable(event.session)),
        events.map((event) => (typeof event.body.outcome === "string" ? event.body.outcome : null)),
        events.map((event) =>
          typeof event.body.statement === "string" ? storable(event.body.statement).slice(0, STATEMENT_COLUMN_CHARACTERS) : null,
        ),
      ],
    );
    this.#seq = seq;
    this.#hash = previous;
    this.#sinceCheckpoint += entries.length;
    return entries;
  }

  /** After a failed commit it is not known whether the rows are there. */
  async #recover(): Promise<void> {
    const found = await this.#pool.query<{ readonly seq: string; readonly hash: string }>(
      "SELECT seq, hash FROM audit_event WHERE chain = $1 ORDER BY seq DESC LIMIT 1",
      [this.chain],
    );
    const head = found.rows[0];
    this.#seq = head === undefined ? 0 : Number(head.seq);
    this.#hash = head?.hash ?? GENESIS;
    this.#certain = true;
  }

  /** Signs how far every chain has come. Serialised over replicas by a lock, so that numbers have no gap. */
  async checkpoint(): Promise<Checkpoint> {
    const client = await this.#pool.connect();
    try {
      await client.query("BEGIN");
      await client.query("LOCK TABLE audit_checkpoint IN EXCLUSIVE MODE");
      const last = (
        await client.query<Checkpoint & { readonly public_key: string }>(
          'SELECT n, previous, at::float8 AS at, heads, public_key AS "publicKey", signature FROM audit_checkpoint ORDER BY n DESC LIMIT 1',
        )
      ).rows[0];
      const heads = await client.query<{ readonly chain: string; readonly seq: string; readonly hash: string }>(
        "SELECT DISTINCT ON (chain) chain, seq, hash FROM audit_event ORDER BY chain, seq DESC",
      );
      const unsigned = {
        n: (last?.n ?? 0) + 1,
        previous: last === undefined ? GENESIS : sha256(checkpointText(last)),
        at: this.#now(),
        heads: heads.rows.map((head) => ({ chain: head.chain, seq: Number(head.seq), hash: head.hash })),
        publicKey: this.#publicKey,
      };
      const checkpoint: Checkpoint = {
        ...unsigned,
        signature: sign(null, Buffer.from(checkpointText(unsigned)), this.#key).toString("base64"),
      };
      await client.query(
        "INSERT INTO audit_checkpoint (n, previous, at, heads, public_key, signature) VALUES ($1, $2, $3, $4, $5, $6)",
        [
          checkpoint.n,
          checkpoint.previous,
          checkpoint.at,
          JSON.stringify(checkpoint.heads),
          checkpoint.publicKey,
          checkpoint.signature,
        ],
      );
      await client.query("COMMIT");
      client.release();
      if (this.#exportFile !== null) await appendFile(this.#exportFile, `${JSON.stringify(checkpoint)}\n`, { mode: 0o600 });
      return checkpoint;
    } catch (error) {
      client.release(true);
      throw new StoreError(`cannot write a checkpoint: ${reason(error)}`, { cause: error });
    }
  }

  /** Waits for what was accepted, signs the end, and takes nothing more. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    while (this.#writing !== null) await this.#writing;
    this.#closed = true;
    if (this.#seq > 0)
      await this.checkpoint().catch((error: unknown) => this.#log(`cannot write the last checkpoint: ${reason(error)}`));
  }
}

/** PKCS#8 of an Ed25519 key is this head and the seed. */
const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");

function privateKeyOf(seed: Buffer): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: "der", type: "pkcs8" });
}

/** The public key that checks what `seed` signs: SPKI in base64. */
export function publicKeyOf(seed: Buffer): string {
  return createPublicKey(privateKeyOf(seed)).export({ format: "der", type: "spki" }).toString("base64");
}

/** PostgreSQL's text holds no NUL; the payload has it escaped. */
function storable(text: string): string {
  return text.replaceAll("\0", "\u2400");
}
