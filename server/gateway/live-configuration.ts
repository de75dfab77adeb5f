import { RE2JS } from "re2js";
import type {
  ConfigurationChange,
  ConfigurationItem,
  ConfigurationList,
  ConfigurationResult,
  ProblemDetail,
} from "../contract/http.ts";
import { type ReadDocument, readConfiguration, withoutDefaults, writeDocument } from "../core/configuration/read.ts";
import type { ConfigurationDocument, Kind, Policy } from "../core/domain/configuration.ts";
import { judgeMaskExpression, maskExpressionQuery } from "../core/guard/sql/index.ts";
import { compilePolicySet, type PolicySet } from "../core/policy/index.ts";
import { APPLICATION } from "./application.ts";
import type { AuditLog, Clock, SqlParser } from "./ports.ts";
import { type ChangeFeed, type Configuration, type ConfigurationStore, StoreError } from "./store-ports.ts";
import { VerbError } from "./verb-error.ts";

interface Ports {
  readonly configurations: ConfigurationStore;
  readonly changes: ChangeFeed;
  readonly audit: AuditLog;
  readonly parser: SqlParser;
  readonly clock: Clock;
  readonly log: (line: string) => void;
}

/** A configuration that could not be read is asked for again; until then nothing starts. */
const RETRY_MS = 1_000;

export interface ApplyOptions {
  readonly expectedVersion?: number;
  /** Documents that are stored and not in the text are removed. */
  readonly prune?: boolean;
  /** Says what would change, and changes nothing. */
  readonly dryRun?: boolean;
}

/** The configuration that holds now, on this replica. */
export class LiveConfiguration {
  readonly #ports: Ports;
  readonly #listeners = new Set<(set: PolicySet) => void>();
  #configuration: Configuration;
  #set: PolicySet;
  #loading: Promise<void> | null = null;
  #again = false;

  private constructor(ports: Ports, configuration: Configuration) {
    this.#ports = ports;
    this.#configuration = configuration;
    this.#set = compileStored(configuration);
    ports.changes.subscribe((change) => {
      if (change.topic === "configuration") void this.#reload();
    });
  }

  static async load(ports: Ports): Promise<LiveConfiguration> {
    return new LiveConfiguration(ports, await ports.configurations.load());
  }

  get set(): PolicySet {
    return this.#set;
  }

  /** Called after each change, whoever made it. */
  onChange(listener: (set: PolicySet) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  list(): ConfigurationList {
    const warnings = warningsOf(this.#configuration.documents.map((stored) => stored.document));
    return {
      version: this.#configuration.version,
      items: this.#configuration.documents.map(
        ({ document, version, updatedAt, updatedBy }): ConfigurationItem => ({
          kind: document.kind,
          id: document.id,
          version,
          updatedAt,
          updatedBy,
          document: withoutDefaults(document),
          yaml: writeDocument(document),
          warnings: warnings
            .filter((warning) => warning.kind === document.kind && warning.id === document.id)
            .map((warning) => warning.message),
        }),
      ),
    };
  }

  /** Checks a text and, unless it is a dry run, makes it hold. Throws `VerbError` `invalid` with every issue and its place. */
  async apply(text: string, by: string, options: ApplyOptions = {}): Promise<ConfigurationResult> {
    const read = readConfiguration(text);
    if (!read.ok) throw invalid(read.issues);
    await checkExpressions(read.documents, this.#ports.parser);
    const edit = this.#edit(read.documents, options);
    const next = merged(this.#configuration, edit);
    check(next, read.documents);
    const changes = difference(this.#configuration, read.documents, edit.remove);
    const warnings = warningsOf(next).filter((warning) =>
      read.documents.some(({ document }) => document.kind === warning.kind && document.id === warning.id),
    );
    const messages = warnings.map((warning) => `${warning.kind} \`${warning.id}\`: ${warning.message}`);
    const effective = changes.filter((change) => change.change !== "unchanged");
    if (options.dryRun === true || effective.length === 0)
      return { version: this.#configuration.version, changes, warnings: messages };
    const changed = new Set(effective.map((change) => `${change.kind} ${change.id}`));
    const saved = await this.#save(
      { put: edit.put.filter(({ document }) => changed.has(`${document.kind} ${document.id}`)), remove: edit.remove },
      by,
      effective,
    );
    return { version: saved.version, changes, warnings: messages };
  }

  /** The one document of a text, checked as `apply` would. Throws `VerbError` `invalid`. */
  async draft(text: string): Promise<ConfigurationDocument> {
    await this.apply(text, "", { dryRun: true });
    const read = readConfiguration(text);
    const [first, second] = read.ok ? read.documents : [];
    if (first === undefined || second !== undefined) throw new VerbError("invalid", "give one document");
    return first.document;
  }

  async remove(kind: string, id: string, by: string): Promise<ConfigurationResult> {
    const found = this.#configuration.documents.find(({ document }) => document.kind === kind && document.id === id);
    if (found === undefined) throw new VerbError("not-found", `there is no ${kind} \`${id}\``);
    const changes = [{ kind, id, change: "deleted" }] as const;
    const saved = await this.#save({ put: [], remove: [{ kind: found.document.kind, id }] }, by, changes);
    return { version: saved.version, changes, warnings: [] };
  }

  #edit(documents: readonly ReadDocument[], options: ApplyOptions) {
    const given = new Set(documents.map(({ document }) => `${document.kind} ${document.id}`));
    const remove =
      options.prune === true
        ? this.#configuration.documents
            .filter(({ document }) => !given.has(`${document.kind} ${document.id}`))
            .map(({ document }) => ({ kind: document.kind, id: document.id }))
        : [];
    return { put: documents.map(({ document }) => ({ document, expectedVersion: options.expectedVersion })), remove };
  }

  async #save(
    edit: Parameters<ConfigurationStore["edit"]>[0],
    by: string,
    changes: readonly ConfigurationChange[],
  ): Promise<Configuration> {
    const saved = await this.#ports.configurations.edit(edit, by, async (next) => {
      check(
        next.documents.map((stored) => stored.document),
        [],
      );
      // INVARIANT (P3): in the record before it holds.
      await this.#ports.audit.append({
        type: "configuration.changed",
        at: this.#ports.clock.now(),
        principal: by,
        target: "",
        session: "",
        body: {
          version: next.version,
          changes: changes.map(({ kind, id, change }) => ({ kind, id, change })),
          documents: edit.put.map(({ document }) => JSON.parse(JSON.stringify(document))),
        },
      });
    });
    this.#take(saved);
    return saved;
  }

  async #reload(): Promise<void> {
    if (this.#loading !== null) {
      this.#again = true;
      return this.#loading;
    }
    this.#loading = (async () => {
      do {
        this.#again = false;
        try {
          this.#take(await this.#ports.configurations.load());
        } catch (error) {
          this.#ports.log(`cannot read the changed configuration: ${error instanceof Error ? error.message : String(error)}`);
          // The old one must not go on holding: a revocation may be in the new one.
          this.#stale = true;
        }
      } while (this.#again);
      this.#loading = null;
      if (this.#stale) setTimeout(() => void this.#reload(), RETRY_MS).unref();
    })();
    return this.#loading;
  }

  #stale = false;

  /** Whether what is known is what holds. While it is not, nothing may start. */
  get current(): boolean {
    return !this.#stale && this.#ports.changes.alive;
  }

  #take(configuration: Configuration): void {
    this.#stale = false;
    if (configuration.version < this.#configuration.version) return;
    const changed = configuration.version !== this.#configuration.version;
    this.#configuration = configuration;
    if (!changed) return;
    this.#set = compileStored(configuration);
    for (const listener of this.#listeners) listener(this.#set);
  }
}

function compileStored(configuration: Configuration): PolicySet {
  const { set, issues } = compilePolicySet(
    configuration.documents.map((stored) => stored.document),
    configuration.version,
  );
  const first = issues[0];
  if (first !== undefined)
    throw new StoreError(`the stored ${first.kind} \`${first.id}\` is not valid: ${first.path.join(".")}: ${first.message}`);
  return set;
}

function merged(
  current: Configuration,
  edit: {
    readonly put: readonly { readonly document: ConfigurationDocument }[];
    readonly remove: readonly { readonly kind: Kind; readonly id: string }[];
  },
): readonly ConfigurationDocument[] {
  const all = new Map(current.documents.map(({ document }) => [`${document.kind} ${document.id}`, document]));
  for (const { document } of edit.put) all.set(`${document.kind} ${document.id}`, document);
  for (const { kind, id } of edit.remove) all.delete(`${kind} ${id}`);
  return [...all.values()];
}

/** Throws `VerbError` `invalid` when the documents together could not hold. Places are those of `read`. */
function check(documents: readonly ConfigurationDocument[], read: readonly ReadDocument[]): void {
  const { issues } = compilePolicySet(documents, 0);
  const all = [...issues, ...documents.flatMap(detectorIssue), ...documents.flatMap(reservedIssue)];
  if (all.length === 0) return;
  throw invalid(
    all.map((issue) => {
      const place = read.find(({ document }) => document.kind === issue.kind && document.id === issue.id)?.place(issue.path);
      return {
        path: issue.path.join("."),
        ...place,
        message: place === undefined ? `${issue.kind} \`${issue.id}\`: ${issue.message}` : issue.message,
      };
    }),
  );
}

/** Policies speak of Gatehouse itself under this name. */
function reservedIssue(document: ConfigurationDocument) {
  if (document.kind !== "target" || document.id !== APPLICATION.id) return [];
  return [
    {
      kind: document.kind,
      id: document.id,
      path: ["id"],
      message: `\`${APPLICATION.id}\` is Gatehouse itself; give the target another name`,
    },
  ];
}

/** Masks that are SQL are parsed and may hold only built-ins that always give the same. */
async function checkExpressions(documents: readonly ReadDocument[], parser: SqlParser): Promise<void> {
  const details: ProblemDetail[] = [];
  for (const { document, place } of documents) {
    if (document.kind !== "mask" || document.mask.type !== "expression") continue;
    const { sql } = document.mask;
    const refusal = judgeMaskExpression(sql, await parser.parse(maskExpressionQuery(sql)));
    if (refusal !== null) details.push({ path: "mask.sql", ...place(["mask", "sql"]), message: refusal.message });
  }
  if (details.length > 0) throw invalid(details);
}

function detectorIssue(document: ConfigurationDocument) {
  if (document.kind !== "detector") return [];
  try {
    RE2JS.compile(document.pattern);
    return [];
  } catch (error) {
    return [
      {
        kind: document.kind,
        id: document.id,
        path: ["pattern"],
        message: `not RE2 syntax: ${error instanceof Error ? error.message : String(error)}`,
      },
    ];
  }
}

function invalid(details: readonly ProblemDetail[]): VerbError {
  const first = details[0];
  const place = first?.line === undefined ? "" : ` (line ${first.line}, column ${first.column})`;
  const more = details.length > 1 ? ` and ${details.length - 1} more` : "";
  return new VerbError(
    "invalid",
    `${first?.path ? `\`${first.path}\`: ` : ""}${first?.message ?? "not valid"}${place}${more}`,
    details,
  );
}

function difference(
  current: Configuration,
  read: readonly ReadDocument[],
  removed: readonly { readonly kind: Kind; readonly id: string }[],
): readonly ConfigurationChange[] {
  const before = new Map(current.documents.map(({ document }) => [`${document.kind} ${document.id}`, writeDocument(document)]));
  return [
    ...read.map(({ document }): ConfigurationChange => {
      const old = before.get(`${document.kind} ${document.id}`);
      return {
        kind: document.kind,
        id: document.id,
        change: old === undefined ? "created" : old === writeDocument(document) ? "unchanged" : "changed",
      };
    }),
    ...removed.map(({ kind, id }): ConfigurationChange => ({ kind, id, change: "deleted" })),
  ];
}

/** What can hold but is likely a slip: names that nothing has. */
function warningsOf(
  documents: readonly ConfigurationDocument[],
): readonly { readonly kind: string; readonly id: string; readonly message: string }[] {
  const targets = new Set(documents.filter((document) => document.kind === "target").map((document) => document.id));
  const tags = new Set(documents.flatMap((document) => (document.kind === "classification" ? [document.tag] : [])));
  const told = documents.some((document) => document.kind === "notification" && document.events.includes("glass.broken"));
  return documents.flatMap((document) => {
    const warn = (message: string) => ({ kind: document.kind, id: document.id, message });
    const unknownTarget = (name: string | undefined) =>
      name === undefined || name.includes("*") || targets.has(name) ? [] : [warn(`no target is called \`${name}\``)];
    switch (document.kind) {
      case "policy":
        return [
          ...targetNames(document).flatMap(unknownTarget),
          ...(document.obligations.reviewAfter === undefined || told
            ? []
            : [warn("nothing tells of `glass.broken`: no notification names it")]),
        ];
      case "mask":
        return [
          ...unknownTarget(document.target),
          ...(document.tags ?? [])
            .filter((tag) => !tag.includes("*") && !tags.has(tag))
            .map((tag) => warn(`no classification gives the tag \`${tag}\``)),
        ];
      case "classification":
      case "row-filter":
        return unknownTarget(document.target);
      case "target":
      case "group":
      case "detector":
      case "notification":
        return [];
    }
  });
}

function targetNames(policy: Policy): readonly string[] {
  const { targets } = policy.resources;
  if (targets === undefined) return [];
  return Array.isArray(targets) ? targets : "ids" in targets ? (targets.ids ?? []) : [];
}
