import type pg from "pg";
import { z } from "zod";
import { KINDS, SCHEMA_OF_KIND } from "../../core/domain/configuration.ts";
import {
  type Configuration,
  type ConfigurationEdit,
  type ConfigurationStore,
  StoreConflict,
  type StoredDocument,
  StoreError,
} from "../../gateway/store-ports.ts";
import { announce } from "./changes.ts";
import { attempt } from "./store.ts";

const Row = z.object({
  kind: z.enum(KINDS),
  id: z.string(),
  body: z.record(z.string(), z.unknown()),
  version: z.number(),
  updated: z.number(),
  by: z.string(),
});

export function createConfigurationStore(pool: pg.Pool): ConfigurationStore {
  return {
    load: () => attempt("cannot read the configuration", () => load(pool)),
    edit: (edit, by, check) => attempt("cannot save the configuration", () => save(pool, edit, by, check)),
  };
}

async function load(client: pg.Pool | pg.PoolClient): Promise<Configuration> {
  const found = await client.query(
    `SELECT v.version::float8 AS total, d.kind, d.id, d.body, d.version, (extract(epoch FROM d.updated_at) * 1000)::float8 AS updated, d.updated_by AS by
     FROM configuration_version v LEFT JOIN configuration_document d ON true ORDER BY d.kind, d.id`,
  );
  const documents: StoredDocument[] = [];
  for (const raw of found.rows) {
    if (raw.kind === null) continue;
    const row = Row.parse(raw);
    const parsed = SCHEMA_OF_KIND[row.kind].safeParse(row.body);
    // Leaving it out would widen what is allowed when it is a forbid.
    if (!parsed.success)
      throw new StoreError(
        `the stored ${row.kind} \`${row.id}\` is not valid: ${parsed.error.issues[0]?.message}; mend it in the table configuration_document`,
      );
    documents.push({ document: parsed.data, version: row.version, updatedAt: row.updated, updatedBy: row.by });
  }
  return { version: Number(found.rows[0]?.total ?? 1), documents };
}

async function save(
  pool: pg.Pool,
  edit: ConfigurationEdit,
  by: string,
  check: (next: Configuration) => void | Promise<void>,
): Promise<Configuration> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    await client.query("SELECT version FROM configuration_version FOR UPDATE");
    for (const { document, expectedVersion } of edit.put) {
      const old = await client.query<{ readonly version: number }>(
        "SELECT version FROM configuration_document WHERE kind = $1 AND id = $2",
        [document.kind, document.id],
      );
      const version = old.rows[0]?.version ?? 0;
      if (expectedVersion !== undefined && expectedVersion !== version) {
        throw new StoreConflict(
          `${document.kind} \`${document.id}\` was changed meanwhile (it is at version ${version}); load it again and repeat your change`,
        );
      }
      await put(client, document.kind, document.id, document, by);
    }
    for (const { kind, id } of edit.remove) {
      const removed = await client.query("DELETE FROM configuration_document WHERE kind = $1 AND id = $2", [kind, id]);
      if (removed.rowCount === 1) await keep(client, kind, id, null, by);
    }
    await client.query("UPDATE configuration_version SET version = version + 1");
    const next = await load(client);
    await check(next);
    await announce(client, { topic: "configuration" });
    await client.query("COMMIT");
    client.release();
    return next;
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    client.release(true);
    throw error;
  }
}

async function put(client: pg.PoolClient, kind: string, id: string, body: unknown, by: string): Promise<void> {
  const version = await keep(client, kind, id, body, by);
  await client.query(
    `INSERT INTO configuration_document (kind, id, body, version, updated_by) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body, version = excluded.version, updated_by = excluded.updated_by, updated_at = now()`,
    [kind, id, JSON.stringify(body), version, by],
  );
}

/** Versions go on counting after a delete, so that a history never has two of the same number. */
async function keep(client: pg.PoolClient, kind: string, id: string, body: unknown, by: string): Promise<number> {
  const kept = await client.query<{ readonly version: number }>(
    `INSERT INTO configuration_history (kind, id, version, body, by)
     SELECT $1, $2, coalesce(max(version), 0) + 1, $3, $4 FROM configuration_history WHERE kind = $1 AND id = $2 RETURNING version`,
    [kind, id, body === null ? null : JSON.stringify(body), by],
  );
  return kept.rows[0]?.version ?? 1;
}
