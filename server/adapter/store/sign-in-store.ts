import { randomBytes } from "node:crypto";
import type pg from "pg";
import { PersonDisabled, type SignIn, type SignInStore } from "../../gateway/store-ports.ts";
import { announce } from "./changes.ts";
import { attempt } from "./store.ts";

export function createSignInStore(pool: pg.Pool): SignInStore {
  return {
    create: (person, validForMs) =>
      attempt("cannot save the sign-in", async () => {
        const sid = randomBytes(24).toString("base64url");
        const made = await pool.query(
          `INSERT INTO sign_in (sid, email, name, groups, attributes, expires_at)
           SELECT $1, $2, $3, $4, $5, now() + $6 * interval '1 millisecond'
           WHERE NOT EXISTS (SELECT 1 FROM disabled_person WHERE id = lower($2))`,
          [sid, person.email, person.name, JSON.stringify(person.groups), JSON.stringify(person.attributes), validForMs],
        );
        if (made.rowCount !== 1) throw new PersonDisabled(`\`${person.email}\` is disabled in Gatehouse; ask an admin`);
        return { sid, ...person };
      }),
    find: (sid) =>
      attempt("cannot read the sign-in", async () => {
        const found = await pool.query<SignIn>(
          `SELECT sid, email, name, groups, attributes FROM sign_in WHERE sid = $1 AND revoked_at IS NULL AND expires_at > now()
             AND NOT EXISTS (SELECT 1 FROM disabled_person WHERE id = lower(email))`,
          [sid],
        );
        return found.rows[0] ?? null;
      }),
    revoke: (sid) =>
      attempt("cannot revoke the sign-in", async () => {
        await pool.query("UPDATE sign_in SET revoked_at = now() WHERE sid = $1 AND revoked_at IS NULL", [sid]);
        await announce(pool, { topic: "sign-in", sid });
      }),
  };
}
