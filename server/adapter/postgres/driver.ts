import pg from "pg";
import type { PostgresTarget } from "../../core/domain/configuration.ts";
import { TargetUnreachable } from "../../gateway/ports.ts";
import { limitFrames, type RowSource } from "./frames.ts";
import { whyNotServer } from "./server-version.ts";

/**
 * The border to the `pg` driver, which lets an object of ours speak the protocol while it is the active query. Only
 * what is used here is typed.
 */

export interface Field {
  readonly name: string;
  readonly tableID: number;
  readonly columnID: number;
  readonly dataTypeID: number;
  readonly dataTypeModifier: number;
}

export interface Protocol extends RowSource {
  readonly stream: { readonly writable: boolean; write(bytes: Uint8Array): void; pause(): void; resume(): void; destroy(): void };
  parse(message: { name: string; text: string; types: readonly number[] }): void;
  describe(message: { type: "S" | "P"; name: string }): void;
  execute(message: { portal: string; rows: number }): void;
  close(message: { type: "S" | "P"; name: string }): void;
  sync(): void;
  sendCopyFail(message: string): void;
  once(event: "readyForQuery", listener: () => void): void;
  on(event: "readyForQuery", listener: (message: { readonly status: string }) => void): void;
  on(
    event: "parameterStatus",
    listener: (message: { readonly parameterName: string; readonly parameterValue: string }) => void,
  ): void;
  on(event: "notice", listener: (message: ServerMessage) => void): void;
}

export interface ServerMessage {
  readonly message?: string;
  readonly severity?: string;
  readonly code?: string;
  readonly hint?: string;
  readonly position?: string;
  readonly constraint?: string;
  /** The server's source file that raised it. */
  readonly file?: string;
}

/** What `client.query` calls on an active query. */
export interface ActiveQuery {
  submit(connection: Protocol): void;
  handleRowDescription(message: { readonly fields: readonly Field[] }): void;
  handleDataRow(): void;
  handleCommandComplete(message: { readonly text: string }): void;
  handlePortalSuspended(): void;
  handleEmptyQuery(): void;
  handleError(error: Error & ServerMessage, connection: Protocol): void;
  handleReadyForQuery(): void;
  handleCopyInResponse(connection: Protocol): void;
  handleCopyData(message: { readonly chunk: Uint8Array }): void;
}

export interface Client {
  readonly connection: Protocol;
  readonly processID: number;
  readonly secretKey: number;
  query(query: ActiveQuery): ActiveQuery;
  query(query: {
    text: string;
    values?: readonly unknown[];
    rowMode: "array";
    types: { getTypeParser(): (value: string) => string };
  }): Promise<{
    readonly rows: readonly (readonly (string | null)[])[];
  }>;
  query(sql: string): Promise<unknown>;
  connect(): Promise<void>;
  end(): Promise<void>;
  on(event: "error", listener: (error: Error) => void): void;
  on(event: "end", listener: () => void): void;
}

const CONNECT_LIMIT_MS = 10_000;
const MESSAGE_LIMIT = 64 * 1024 * 1024;

export interface Login {
  readonly target: PostgresTarget;
  readonly password: string | null;
  /** At most 63 bytes reach the server. */
  readonly applicationName: string;
}

/** A client that says what its server last reported of the session's settings. */
export interface Connected extends Client {
  readonly reported: ReadonlyMap<string, string>;
}

export async function connectClient(login: Login): Promise<Connected> {
  const { host, port, database, user } = login.target.postgres;
  const client = new pg.Client({
    host,
    port,
    database,
    user,
    // Never what PGPASSWORD or a password file of this machine says.
    password: login.password ?? "",
    ssl: tls(login.target),
    application_name: login.applicationName,
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
    keepAlive: true,
  }) as unknown as Client;
  client.on("error", () => {});
  limitFrames(client.connection as unknown as Parameters<typeof limitFrames>[0], MESSAGE_LIMIT);
  const reported = new Map<string, string>();
  client.connection.on("parameterStatus", ({ parameterName, parameterValue }) => {
    reported.set(parameterName, parameterValue);
  });
  try {
    await client.connect();
  } catch (cause) {
    throw unreachable(login, cause);
  }
  const against = whyNotServer(reported.get("server_version") ?? null);
  if (against === null) return Object.assign(client, { reported });
  await client.end().catch(() => {});
  throw new TargetUnreachable(`\`${login.target.id}\` (${host}:${port}) ${against}`);
}

function tls(target: PostgresTarget): false | { rejectUnauthorized: boolean; servername?: string } {
  switch (target.postgres.tls) {
    case "disable":
      return false;
    case "require":
      return { rejectUnauthorized: false };
    case "verify":
      return { rejectUnauthorized: true };
  }
}

export async function rows(
  client: Client,
  text: string,
  values: readonly unknown[] = [],
): Promise<readonly (readonly (string | null)[])[]> {
  const result = await client.query({ text, values, rowMode: "array", types: { getTypeParser: () => (value) => value } });
  return result.rows;
}

function unreachable(login: Login, cause: unknown): TargetUnreachable {
  const { host, port, database, user } = login.target.postgres;
  const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : "";
  const message = cause instanceof Error ? cause.message : "";
  const where = `\`${login.target.id}\` (${host}:${port})`;
  const say = (text: string) => new TargetUnreachable(text, { cause });
  if (code === "28P01" || code === "28000") {
    return say(`${where} does not let \`${user}\` in: check user and password of the target, and the server's pg_hba.conf`);
  }
  if (code === "3D000") return say(`${where} has no database \`${database}\`: check the target's \`database\``);
  if (code === "53300") return say(`${where} has no connection left: try again, or raise its max_connections`);
  if (code === "57P03") return say(`${where} is starting up or shutting down: try again in a moment`);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return say(`no address for \`${host}\`: check the target's \`host\``);
  if (code === "ECONNREFUSED")
    return say(`nothing listens on ${host}:${port}: check that the database runs, and the target's \`host\` and \`port\``);
  if (/does not support SSL/.test(message)) {
    return say(
      `${where} does not speak TLS: turn it on in the server, or set the target's \`tls: disable\` on a network you trust`,
    );
  }
  if (/certificate|self.signed|altnames/i.test(message)) {
    return say(`the certificate of ${where} is not trusted: give the authority by NODE_EXTRA_CA_CERTS, or set \`tls: require\``);
  }
  if (/timeout/i.test(message) || code === "ETIMEDOUT") return say(`${where} does not answer: check network and firewall`);
  return say(`${where} cannot be reached${code === "" ? "" : ` (${code})`}`);
}

/** Asks the server to stop what the client runs, over a connection of its own. */
export function cancelOnServer(login: Login, client: Client): Promise<void> {
  const { host, port } = login.target.postgres;
  const ssl = tls(login.target);
  return new Promise((settle) => {
    const connection = new pg.Connection({ ssl: ssl as never }) as unknown as CancelConnection;
    const timer = setTimeout(() => connection.stream.destroy(), CONNECT_LIMIT_MS);
    const done = () => {
      clearTimeout(timer);
      settle();
    };
    const send = () => connection.cancel(client.processID, client.secretKey);
    connection.on("connect", () => (ssl === false ? send() : connection.requestSsl()));
    connection.on("sslconnect", send);
    connection.on("error", done);
    connection.on("end", done);
    connection.connect(port, host);
  });
}

interface CancelConnection {
  readonly stream: { destroy(): void };
  connect(port: number, host: string): void;
  requestSsl(): void;
  cancel(processID: number, secretKey: number): void;
  on(event: string, listener: () => void): void;
}
