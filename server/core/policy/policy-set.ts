import type {
  ConfigurationDocument,
  Detector,
  Group,
  MaskDocument,
  Notification,
  Policy,
  PolicyObligations,
  PrincipalSelector,
  Target,
  TargetSelector,
} from "../domain/configuration.ts";
import { ACTIONS, type Action, NAMED_ONLY } from "../domain/micro-action.ts";
import { type Condition, compileCondition } from "./context.ts";
import { globMatches } from "./glob.ts";
import { type FilterPart, parseFilter } from "./row-filter.ts";
import { compileKinds, type KindLists, SelectorError } from "./selector.ts";
import { exactName, parseSqlPattern, type SqlPattern } from "./sql-name.ts";

/** Where in a document something is wrong. `path` is that of the document's own keys. */
export interface Issue {
  readonly kind: string;
  readonly id: string;
  readonly path: readonly (string | number)[];
  readonly message: string;
}

export interface CompiledPolicy {
  readonly id: string;
  readonly description: string;
  readonly effect: Policy["effect"];
  readonly principals: PrincipalSelector;
  readonly actions: ReadonlySet<Action>;
  readonly targets: TargetSelector | undefined;
  readonly kinds: KindLists | null;
  readonly except: { readonly targets: TargetSelector | undefined; readonly kinds: KindLists | null } | null;
  /** Null: holds always. */
  readonly condition: Condition | null;
  /** The condition asks how large a statement is, which only the target's planner can tell. */
  readonly asksForEstimate: boolean;
  /** The condition asks for the time: what it said may change while nothing else does. */
  readonly asksForTime: boolean;
  readonly obligations: PolicyObligations;
}

export interface CompiledTag {
  readonly target: string;
  readonly columns: readonly SqlPattern[];
  readonly tag: string;
}

export interface CompiledMask {
  readonly document: MaskDocument;
  /** Null: by tags. */
  readonly columns: readonly SqlPattern[] | null;
}

export interface CompiledFilter {
  readonly id: string;
  readonly target: string;
  readonly table: SqlPattern;
  readonly parts: readonly FilterPart[];
  readonly principals: PrincipalSelector;
}

/** Policies by what a request can be looked up with: action, then the exact names that a policy lists, else `generic`. */
export interface Shelf {
  readonly generic: CompiledPolicy[];
  readonly byName: Map<string, CompiledPolicy[]>;
}

/** Everything that decides, compiled. Immutable; a saved change makes a new one. */
export interface PolicySet {
  readonly version: number;
  readonly policies: readonly CompiledPolicy[];
  readonly tags: readonly CompiledTag[];
  readonly masks: readonly CompiledMask[];
  readonly filters: readonly CompiledFilter[];
  readonly targets: ReadonlyMap<string, Target>;
  readonly groups: readonly Group[];
  readonly detectors: readonly Detector[];
  readonly notifications: readonly Notification[];
}

/**
 * Compiles documents that their schemas accepted. A document with an issue is not in the set, so a caller that goes on in
 * spite of issues must treat them as fatal: a forbid that is missing widens.
 */
export function compilePolicySet(
  documents: readonly ConfigurationDocument[],
  version: number,
): { readonly set: PolicySet; readonly issues: readonly Issue[] } {
  const issues: Issue[] = [];
  const policies: CompiledPolicy[] = [];
  const tags: CompiledTag[] = [];
  const masks: CompiledMask[] = [];
  const filters: CompiledFilter[] = [];
  const targets = new Map<string, Target>();
  const groups: Group[] = [];
  const detectors: Detector[] = [];
  const notifications: Notification[] = [];
  for (const document of documents) {
    const issue = (path: readonly (string | number)[], message: string): void => {
      issues.push({ kind: document.kind, id: document.id, path, message });
    };
    switch (document.kind) {
      case "target":
        targets.set(document.id, document);
        break;
      case "group":
        groups.push(document);
        break;
      case "detector":
        detectors.push(document);
        break;
      case "notification":
        notifications.push(document);
        break;
      case "classification":
        tags.push({ target: document.target, columns: columnPatterns(document.columns, issue), tag: document.tag });
        break;
      case "mask":
        masks.push({ document, columns: document.columns === undefined ? null : columnPatterns(document.columns, issue) });
        break;
      case "row-filter": {
        const table = parseSqlPattern(document.table, 2);
        const parsed = parseFilter(document.where);
        if (table === null) issue(["table"], `\`${document.table}\` is not a name of \`schema.table\``);
        if (!parsed.ok) issue(["where"], `${parsed.message} (at character ${parsed.at + 1})`);
        if (table !== null && parsed.ok)
          filters.push({ id: document.id, target: document.target, table, parts: parsed.parts, principals: document.principals });
        break;
      }
      case "policy": {
        const compiled = compilePolicy(document, issue);
        if (compiled !== null) policies.push(compiled);
        break;
      }
    }
  }
  policies.sort((a, b) => (a.id < b.id ? -1 : 1));
  masks.sort(byPrecision);
  return { set: { version, policies, tags, masks, filters, targets, groups, detectors, notifications }, issues };
}

/** A mask that names columns is more precise than one by tag and wins; then the identifier decides. */
function byPrecision(a: CompiledMask, b: CompiledMask): number {
  if ((a.columns === null) !== (b.columns === null)) return a.columns === null ? 1 : -1;
  return a.document.id < b.document.id ? -1 : 1;
}

function columnPatterns(
  texts: readonly string[],
  issue: (path: readonly (string | number)[], message: string) => void,
): readonly SqlPattern[] {
  return texts.flatMap((text, i) => {
    const parsed = parseSqlPattern(text, 3);
    if (parsed === null || parsed.length !== 3) {
      issue(["columns", i], `\`${text}\` is not a name of \`schema.table.column\``);
      return [];
    }
    return [parsed];
  });
}

function compilePolicy(
  document: Policy,
  issue: (path: readonly (string | number)[], message: string) => void,
): CompiledPolicy | null {
  const { targets, except, ...kinds } = document.resources;
  let compiledKinds: KindLists | null;
  let compiledExcept: CompiledPolicy["except"] = null;
  try {
    compiledKinds = compileKinds(kinds);
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error;
    issue(["resources", ...error.path], error.message);
    return null;
  }
  if (except !== undefined) {
    const { targets: exceptTargets, ...exceptKinds } = except;
    try {
      compiledExcept = { targets: exceptTargets, kinds: compileKinds(exceptKinds) };
    } catch (error) {
      if (!(error instanceof SelectorError)) throw error;
      issue(["resources", "except", ...error.path], error.message);
      return null;
    }
  }
  let condition: Condition | null = null;
  if (document.when !== undefined) {
    const compiled = compileCondition(document.when);
    if (!compiled.ok) {
      issue(["when"], `${compiled.message} (at character ${compiled.column})`);
      return null;
    }
    condition = compiled.condition;
  }
  const actions = new Set<Action>();
  document.actions.forEach((pattern, i) => {
    const before = actions.size;
    for (const action of ACTIONS) {
      const named = pattern === action;
      if (!named && document.effect === "permit" && NAMED_ONLY.has(action)) continue;
      if (globMatches(pattern, action)) actions.add(action);
    }
    if (actions.size === before && !ACTIONS.some((action) => globMatches(pattern, action)))
      issue(["actions", i], `\`${pattern}\` fits no action`);
  });
  glassIssue(document, actions, issue);
  return {
    id: document.id,
    description: document.description,
    effect: document.effect,
    principals: document.principals,
    actions,
    targets,
    kinds: compiledKinds,
    except: compiledExcept,
    condition,
    asksForEstimate: document.when !== undefined && /\bestimated(Rows|Cost)\b/.test(document.when),
    asksForTime: document.when !== undefined && /\bnow\b/.test(document.when),
    obligations: document.obligations,
  };
}

/** Of statements the gateway knows when the first one comes; a reason can be asked before it. */
const OF_STATEMENTS = /^(sql|shell|file|process|privilege|network):/;

/** PE-19. */
function glassIssue(
  { effect, obligations }: Policy,
  actions: ReadonlySet<Action>,
  issue: (path: readonly (string | number)[], message: string) => void,
): void {
  if (obligations.reviewAfter === undefined) return;
  if (effect !== "permit") issue(["obligations", "reviewAfter"], "only a permit can be reviewed afterwards");
  const other = [...actions].find((action) => action === "sql:unmask" || !OF_STATEMENTS.test(action));
  if (other !== undefined)
    issue(["obligations", "reviewAfter"], `it is for statements alone: \`${other}\` is permitted in another policy`);
}

/** Puts policies where a request looks for them. */
export function shelve(policies: readonly CompiledPolicy[]): ReadonlyMap<Action, Shelf> {
  const shelves = new Map<Action, Shelf>();
  for (const policy of policies) {
    const names = exactNames(policy.kinds);
    for (const action of policy.actions) {
      let shelf = shelves.get(action);
      if (shelf === undefined) {
        shelf = { generic: [], byName: new Map() };
        shelves.set(action, shelf);
      }
      if (names === null) shelf.generic.push(policy);
      else {
        for (const name of names) {
          const list = shelf.byName.get(name);
          if (list === undefined) shelf.byName.set(name, [policy]);
          else list.push(policy);
        }
      }
    }
  }
  return shelves;
}

/** The shelf names of a policy that lists only exact names; null when it has to be looked at for every request. */
function exactNames(kinds: KindLists | null): readonly string[] | null {
  if (kinds === null) return null;
  if (kinds.tags !== null || kinds.columns !== null || kinds.functions !== null || kinds.paths !== null) return null;
  const names: string[] = ["target"];
  for (const pattern of kinds.tables ?? []) {
    const exact = exactName(pattern, 2);
    if (exact === null) return null;
    names.push(`table:${exact.join("\0")}`);
  }
  for (const [list, prefix] of [
    [kinds.programs, "program:"],
    [kinds.settings, "setting:"],
    [kinds.hosts, "host:"],
  ] as const) {
    for (const pattern of list ?? []) {
      if (pattern.includes("*")) return null;
      names.push(prefix + pattern);
    }
  }
  return names;
}
