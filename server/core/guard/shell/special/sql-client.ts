import { CATALOGUE } from "../catalogue.generated.ts";
import type { ProgramEntry } from "../catalogue-schema.ts";
import type { Exec } from "../command.ts";
import type { EmbeddedConnection } from "../embedded.ts";
import { type Option, readLine } from "../options.ts";
import { describeEntry } from "../program.ts";
import type { Argument } from "../word.ts";

const WITHOUT_KEYS: Readonly<Record<string, ProgramEntry>> = Object.fromEntries(
  ["psql", "mysql", "mariadb"].map((name) => {
    const { interactive: _, ...entry } = CATALOGUE[name] ?? {};
    return [name, entry];
  }),
);

/**
 * `psql` and `mysql`: what they do besides, and the SQL in their words or their input as far as the line holds it. The
 * SQL stays opaque here: whose it is, the gateway finds out (docs/decisions/011-sql-in-shell.md). A text that the client
 * itself changes before it sends it (`\…`, `:name`) is not SQL.
 */
export function sqlClient(exec: Exec): void {
  // What reads its statements from a pipe or a text takes no keys.
  const whole = (exec.input === null ? CATALOGUE[exec.name] : WITHOUT_KEYS[exec.name]) ?? {};
  describeEntry(exec, whole);
  const line = readLine(whole, exec.words, false);
  const program = exec.name === "psql" ? "psql" : "mysql";
  const values = (pattern: RegExp): (Argument | null)[] =>
    line.options.filter((option) => pattern.test(option.name)).map((option) => option.value);
  const given = values(program === "psql" ? /^(-c|--command)$/ : /^(-e|--execute)$/);
  const files = values(/^(-f|--file)$/);
  const fromInput =
    given.length === 0 &&
    files.every((file) => file?.known === "text" && /^(-|\/dev\/(stdin|fd\/0))$/.test(file.text)) &&
    typeof exec.input === "object" &&
    exec.input !== null;
  const texts = given.map((word) => (word?.known === "text" ? { text: word.text, span: word.span } : null));
  if (fromInput && typeof exec.input === "object" && exec.input !== null) texts.push(exec.input);
  if (texts.length === 0 || line.unsure.length > 0 || line.options.some((option) => /^(-v|--set|--variable)$/.test(option.name)))
    return;
  const connection = program === "psql" ? connectionOf(exec, line.options, line.operands) : null;
  for (const text of texts) {
    if (text === null || text.text.includes("\\") || /(^|[^:]):[A-Za-z_'"{]/.test(text.text)) continue;
    exec.walk.embedded.push({ program, text: text.text, span: text.span, connection });
  }
}

/** Null: a part of it is known only when it runs. Words win over the environment, as in libpq. */
function connectionOf(exec: Exec, options: readonly Option[], operands: readonly Argument[]): EmbeddedConnection | null {
  const found = new Map<string, string>();
  const variables: Readonly<Record<string, string>> = { PGHOST: "host", PGPORT: "port", PGDATABASE: "dbname", PGUSER: "user" };
  for (const name of new Set([
    ...Object.keys(exec.walk.where.environment),
    ...exec.walk.prefixed.keys(),
    ...exec.state.variables.keys(),
  ])) {
    if (!name.startsWith("PG") || /^PG(PASSWORD|PASSFILE|APPNAME|SSL\w*|CONNECT_TIMEOUT|CLIENTENCODING)$/.test(name)) continue;
    const prefixed = exec.walk.prefixed.get(name);
    const own = exec.walk.prefixed.has(name) ? prefixed : (exec.walk.where.environment[name] ?? null);
    const key = variables[name];
    if (key === undefined || own === null || own === undefined || exec.state.variables.has(name)) return null;
    found.set(key, own);
  }
  const words: [string, Argument | null][] = [];
  const keys: Readonly<Record<string, string>> = {
    "-h": "host",
    "--host": "host",
    "-p": "port",
    "--port": "port",
    "-d": "dbname",
    "--dbname": "dbname",
    "-U": "user",
    "--username": "user",
  };
  for (const option of options) {
    const key = keys[option.name];
    if (key !== undefined) words.push([key, option.value]);
  }
  const positions = options.some((option) => /^(-d|--dbname)$/.test(option.name)) ? ["user"] : ["dbname", "user"];
  for (const [i, operand] of operands.entries()) words.push([positions[i] ?? "", operand]);
  for (const [key, word] of words) {
    if (word?.known !== "text" || key === "") return null;
    if (key !== "dbname") found.set(key, word.text);
    else {
      const parts = databaseName(word.text);
      if (parts === null) return null;
      for (const [name, value] of parts) found.set(name, value);
    }
  }
  const user = found.get("user") ?? (exec.walk.prefixed.has("USER") ? null : exec.walk.where.user);
  const database = found.get("dbname") ?? user;
  const port = Number(found.get("port") ?? "5432");
  if (database === null || !Number.isInteger(port)) return null;
  return { host: found.get("host") ?? "", port, database, user };
}

/** What stands for a database: its name, `host=… dbname=…`, or a URI. Null: not read here. */
function databaseName(text: string): readonly (readonly [string, string])[] | null {
  const uri =
    /^postgres(?:ql)?:\/\/(?:([^:@/?#]*)(?::[^@/?#]*)?@)?([a-z0-9._-]*)(?::([0-9]+))?(?:\/([^/?#]*))?(?:\?sslmode=[a-z-]+)?$/i.exec(
      text,
    );
  if (uri !== null) {
    const [, user, host, port, database] = uri;
    if ([user, database].some((part) => part?.includes("%") === true)) return null;
    return Object.entries({ user, host, port, dbname: database }).flatMap(([key, value]) =>
      value === undefined || value === "" ? [] : [[key, value] as const],
    );
  }
  if (!/[=:/]/.test(text)) return [["dbname", text]];
  const pairs = text
    .trim()
    .split(/\s+/)
    .map((pair) => /^(host|port|dbname|user|password|sslmode)=([^'\\]+)$/.exec(pair));
  if (pairs.includes(null)) return null;
  return pairs.flatMap((pair) =>
    pair === null || /^(password|sslmode)$/.test(pair[1] ?? "") ? [] : [[pair[1] ?? "", pair[2] ?? ""] as const],
  );
}
