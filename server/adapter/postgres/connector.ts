import type { PostgresTarget } from "../../core/domain/configuration.ts";
import type { Catalog } from "../../core/guard/sql/index.ts";
import type { SqlConnection, SqlConnector, SqlParser } from "../../gateway/ports.ts";
import { HINT } from "./catalog-queries.ts";
import { PostgresConnection } from "./connection.ts";
import { type Client, connectClient, rows } from "./driver.ts";
import { loadCatalog } from "./load-catalog.ts";
import { pinSettings } from "./session-settings.ts";

/** Catalogs younger than this are not even asked about. */
const FRESH_MS = 1_000;
/** While statements come, the next question is asked before anyone has to wait for its answer. */
const ASKED_AFTER_MS = 750;
const IN_USE_MS = 10_000;
/** An answer that is under way is not waited for when the last one is younger than this. */
const LATE_MS = 2_000;
/** A target's own connection for its catalog closes when nobody has asked for this long. */
const IDLE_MS = 30_000;
const LOCK_TIMEOUT_MS = 3_000;

interface PostgresConnectorOptions {
  readonly parser: SqlParser;
  /** Milliseconds, only differences count. */
  readonly now: () => number;
}

export function createPostgresConnector(options: PostgresConnectorOptions): SqlConnector {
  const { parser, now } = options;
  const shared = new Map<string, SharedCatalog>();
  const open = new Set<SqlConnection>();

  const catalogOf = (target: PostgresTarget, password: string | null): SharedCatalog => {
    const { host, port, database, user } = target.postgres;
    const key = JSON.stringify([target.id, host, port, database, user]);
    const found = shared.get(key) ?? new SharedCatalog(parser, now);
    shared.set(key, found);
    found.use(target, password);
    return found;
  };

  return {
    connect: async (target, credential, principal) => {
      const login = { target, password: credential.password, applicationName: applicationName(principal.id) };
      const catalog = catalogOf(target, credential.password);
      const client = await connectClient(login);
      try {
        const { searchPath } = await pinSettings(client, principal.maskKey);
        const connection = new PostgresConnection({ login, client, catalog, parser, searchPath, now });
        open.add(connection);
        connection.onClosed(() => open.delete(connection));
        return connection;
      } catch (cause) {
        await client.end().catch(() => {});
        throw new Error("the session could not be prepared", { cause });
      }
    },
    catalog: (target, credential) => catalogOf(target, credential.password).get(),
    close: async () => {
      await Promise.all([...open].map((connection) => connection.close()));
      await Promise.all([...shared.values()].map((catalog) => catalog.close()));
    },
  };
}

function applicationName(principal: string): string {
  return `gatehouse:${principal.replace(/[^\x20-\x7e]/g, "?")}`.slice(0, 63);
}

/**
 * One target's catalog for all connections: loaded once, revalidated by a hint while it is in use, read anew when that
 * has moved or when told.
 */
class SharedCatalog {
  #catalog: Catalog | null = null;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #busy: Promise<Catalog> | null = null;
  #stale = false;
  #loading = false;
  #wantedAt = Number.NEGATIVE_INFINITY;
  #next: NodeJS.Timeout | null = null;
  #client: Promise<Client> | null = null;
  #idle: NodeJS.Timeout | null = null;
  #login: { target: PostgresTarget; password: string | null } | null = null;
  readonly #parser: SqlParser;
  readonly #now: () => number;

  constructor(parser: SqlParser, now: () => number) {
    this.#parser = parser;
    this.#now = now;
  }

  use(target: PostgresTarget, password: string | null): void {
    this.#login = { target, password };
  }

  async get(when?: "now"): Promise<Catalog> {
    this.#wantedAt = this.#now();
    if (when === "now") {
      // What is under way may have been answered before.
      await this.#busy?.catch(() => {});
      return this.#ask();
    }
    const limit = this.#busy === null || this.#loading ? FRESH_MS : LATE_MS;
    const fresh = this.#catalog !== null && !this.#stale && this.#now() - this.#checkedAt < limit;
    return fresh && this.#catalog !== null ? this.#catalog : this.#ask();
  }

  #ask(): Promise<Catalog> {
    this.#busy ??= this.#revalidated().finally(() => {
      this.#busy = null;
      this.#loading = false;
      this.#askAgain();
    });
    return this.#busy;
  }

  #askAgain(): void {
    if (this.#next !== null) clearTimeout(this.#next);
    this.#next = setTimeout(() => {
      if (this.#catalog === null || this.#stale || this.#now() - this.#wantedAt > IN_USE_MS) return;
      // Whoever needs the catalog next meets the failure again.
      this.#ask().catch(() => {});
    }, ASKED_AFTER_MS);
    this.#next.unref();
  }

  refresh(): void {
    this.#stale = true;
  }

  async own(client: Client): Promise<Catalog> {
    await client.query(`SAVEPOINT gatehouse_catalog; SET LOCAL search_path = pg_catalog`);
    try {
      return await loadCatalog((sql) => rows(client, sql), this.#parser);
    } finally {
      await client.query("ROLLBACK TO SAVEPOINT gatehouse_catalog; RELEASE SAVEPOINT gatehouse_catalog");
    }
  }

  async #revalidated(): Promise<Catalog> {
    const client = await this.#connected();
    try {
      if (this.#catalog !== null && !this.#stale) {
        const [[hint] = []] = await rows(client, HINT);
        if (hint === this.#catalog.version) {
          this.#checkedAt = this.#now();
          return this.#catalog;
        }
      }
      this.#stale = false;
      this.#loading = true;
      await client.query(
        `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = pg_catalog; SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`,
      );
      const catalog = await loadCatalog((sql) => rows(client, sql), this.#parser);
      await client.query("COMMIT");
      this.#catalog = catalog;
      this.#checkedAt = this.#now();
      return catalog;
    } catch (cause) {
      this.#stale = true;
      this.#drop();
      throw cause;
    }
  }

  #connected(): Promise<Client> {
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#drop(), IDLE_MS);
    this.#idle.unref();
    if (this.#client === null) {
      const login = this.#login;
      if (login === null) throw new Error("a catalog without a target");
      const client = connectClient({ ...login, applicationName: "gatehouse" });
      this.#client = client;
      client.then(
        (connected) => {
          connected.on("end", () => this.#forget(client));
          connected.on("error", () => this.#forget(client));
        },
        () => this.#forget(client),
      );
    }
    return this.#client;
  }

  #forget(client: Promise<Client>): void {
    if (this.#client === client) this.#client = null;
  }

  #drop(): void {
    const client = this.#client;
    this.#client = null;
    client?.then((connected) => connected.end()).catch(() => {});
  }

  async close(): Promise<void> {
    if (this.#next !== null) clearTimeout(this.#next);
    this.#wantedAt = Number.NEGATIVE_INFINITY;
    if (this.#idle !== null) clearTimeout(this.#idle);
    const client = this.#client;
    this.#client = null;
    await client?.then((connected) => connected.end()).catch(() => {});
  }
}
