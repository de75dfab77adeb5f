import type pg from "pg";
import type { PeopleStore, PersonItem } from "../../gateway/store-ports.ts";
import { announce } from "./changes.ts";
import { endGrantsOf } from "./grant-store.ts";
import { attempt } from "./store.ts";
import { inTransaction } from "./transaction.ts";

const MOST = 2_000;

/** People as their sign-ins show them, and those who are shut out. */
export function createPeopleStore(pool: pg.Pool): PeopleStore {
  return {
    disabled: () =>
      attempt("cannot read who is disabled", async () => {
        const found = await pool.query<{ readonly id: string }>("SELECT id FROM disabled_person");
        return found.rows.map((row) => row.id);
      }),
    list: () =>
      attempt("cannot read the people", async () => {
        const found = await pool.query<PersonItem>(
          `SELECT coalesce(s.id, d.id) AS id, coalesce(s.name, '') AS name, coalesce(s.groups, '[]'::jsonb) AS groups,
             coalesce(s.attributes, '{}'::jsonb) AS attributes,
             coalesce(s.live, 0) AS "signIns", (extract(epoch FROM s.last) * 1000)::float8 AS "lastSignIn",
             CASE WHEN d.id IS NULL THEN NULL ELSE jsonb_build_object(
               'at', (extract(epoch FROM d.at) * 1000)::float8, 'by', d.by, 'reason', d.reason) END AS disabled
           FROM (
             SELECT lower(email) AS id, (array_agg(name ORDER BY created_at DESC))[1] AS name,
               (array_agg(groups ORDER BY created_at DESC))[1] AS groups,
               (array_agg(attributes ORDER BY created_at DESC))[1] AS attributes, max(created_at) AS last,
               count(*) FILTER (WHERE revoked_at IS NULL AND expires_at > now())::int AS live
             FROM sign_in GROUP BY lower(email)
           ) s FULL JOIN disabled_person d ON d.id = s.id ORDER BY 1 LIMIT ${MOST}`,
        );
        return found.rows;
      }),
    revokeSignIns: (id) =>
      attempt("cannot revoke the sign-ins", () => inTransaction(pool, (client) => revokeSignIns(client, id))),
    disable: (id, by, reason) =>
      attempt("cannot disable the person", () =>
        inTransaction(pool, async (client) => {
          const inserted = await client.query(
            "INSERT INTO disabled_person (id, by, reason) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
            [id, by, reason],
          );
          const signIns = await revokeSignIns(client, id);
          await endGrantsOf(client, id, by);
          await announce(client, { topic: "person", id });
          return { changed: inserted.rowCount === 1, signIns };
        }),
      ),
    enable: (id) =>
      attempt("cannot enable the person", () =>
        inTransaction(pool, async (client) => {
          const removed = await client.query("DELETE FROM disabled_person WHERE id = $1", [id]);
          await announce(client, { topic: "person", id });
          return removed.rowCount === 1;
        }),
      ),
  };
}

async function revokeSignIns(client: pg.PoolClient, id: string): Promise<number> {
  const revoked = await client.query<{ readonly sid: string }>(
    "UPDATE sign_in SET revoked_at = now() WHERE lower(email) = $1 AND revoked_at IS NULL AND expires_at > now() RETURNING sid",
    [id],
  );
  for (const { sid } of revoked.rows) await announce(client, { topic: "sign-in", sid });
  return revoked.rows.length;
}
