import { isOwn } from "./variable.ts";

/**
 * What is known of the shell while a text is walked: every value a variable may have, every directory the shell may be
 * in. Knowing too much would be a hole, so whatever cannot be followed becomes unknown.
 */

/** `pattern`: some text that fits this glob, such as a file name from `for f in *.log`. */
export interface Piece {
  readonly text: string;
  readonly pattern: boolean;
}

/** Null: unknown. Else all it may be. */
export type Value = readonly Piece[] | Numeric | null;

/** `digits`: an integer, or nothing where what says it has nothing to say. */
export type Numeric = "integer" | "digits";

export function isNumeric(value: Value): value is Numeric {
  return value === "integer" || value === "digits";
}

export interface State {
  readonly variables: ReadonlyMap<string, Value>;
  /** Null: unknown. */
  readonly cwds: readonly string[] | null;
  /** `$1` …; null: unknown. */
  readonly positional: readonly string[] | null;
  readonly functions: ReadonlySet<string>;
  readonly aliases: ReadonlyMap<string, string>;
  /** Whether words split at blanks, as they do until IFS is set. */
  readonly plainSplitting: boolean;
  /** Nothing may be taken for unset any more: an unknown script ran in this shell. */
  readonly tainted: boolean;
}

const MOST = 8;
/** UTF-16 units of one value. A longer one is unknown: values that double would outgrow any memory. */
export const LONGEST = 4_096;

export function assign(state: State, name: string, value: Value): State {
  const variables = new Map(state.variables);
  variables.set(
    name,
    Array.isArray(value) && (value.length > MOST || value.some((piece) => piece.text.length > LONGEST)) ? null : value,
  );
  return { ...state, variables, plainSplitting: state.plainSplitting && name !== "IFS" };
}

/** After this nothing is known of any variable, nor of the directory. */
export function taint(state: State): State {
  const variables = new Map<string, Value>();
  for (const name of state.variables.keys()) variables.set(name, null);
  return { ...state, variables, cwds: null, positional: null, tainted: true, plainSplitting: false };
}

export function join(a: State, b: State): State {
  if (a === b) return a;
  const variables = new Map<string, Value>();
  for (const name of new Set([...a.variables.keys(), ...b.variables.keys()])) {
    variables.set(name, joinValue(valueOr(a, name), valueOr(b, name)));
  }
  const cwds = a.cwds === null || b.cwds === null ? null : [...new Set([...a.cwds, ...b.cwds])];
  return {
    variables,
    cwds: cwds !== null && cwds.length > MOST ? null : cwds,
    positional: same(a.positional, b.positional) ? a.positional : null,
    functions: new Set([...a.functions, ...b.functions]),
    aliases: new Map([...a.aliases, ...b.aliases]),
    plainSplitting: a.plainSplitting && b.plainSplitting,
    tainted: a.tainted || b.tainted,
  };
}

/** A name that one branch never set may still hold what it had before, which is empty or unknown. */
function valueOr(state: State, name: string): Value {
  const value = state.variables.get(name);
  if (value !== undefined) return value;
  return mayBeTakenForUnset(state, name) ? [{ text: "", pattern: false }] : null;
}

/** A new process: it has the exported variables alone, and which these are is not followed. */
export function child(state: State, positional: readonly string[] | null): State {
  const variables = new Map([...state.variables.keys()].map((name) => [name, null] as const));
  return { ...state, variables, positional, functions: new Set(), aliases: new Map() };
}

/** Each line runs in a fresh shell with a clean environment: a person's own name that nothing set is empty. */
export function mayBeTakenForUnset(state: State, name: string): boolean {
  return !state.tainted && (/^[a-z][a-z0-9_]*$/.test(name) || isOwn(name));
}

function joinValue(a: Value, b: Value): Value {
  if (a === null || b === null) return null;
  if (isNumeric(a) || isNumeric(b))
    return isNumber(a) && isNumber(b) ? (a === "digits" || b === "digits" ? "digits" : "integer") : null;
  const all = [...a];
  for (const piece of b) if (!all.some((other) => other.text === piece.text && other.pattern === piece.pattern)) all.push(piece);
  return all.length > MOST ? null : all;
}

function isNumber(value: Exclude<Value, null>): boolean {
  return isNumeric(value) || value.every((piece) => !piece.pattern && /^-?[0-9]+$/.test(piece.text));
}

export function equal(a: State, b: State): boolean {
  if (!same(a.cwds, b.cwds) || a.tainted !== b.tainted || a.plainSplitting !== b.plainSplitting) return false;
  if (a.variables.size !== b.variables.size || a.functions.size !== b.functions.size) return false;
  for (const [name, value] of a.variables) {
    const other = b.variables.get(name);
    if (other === undefined || JSON.stringify(value) !== JSON.stringify(other)) return false;
  }
  return true;
}

/** Drops what differs: the end of a loop whose turns cannot be counted. */
export function widen(a: State, b: State): State {
  const variables = new Map<string, Value>();
  for (const name of new Set([...a.variables.keys(), ...b.variables.keys()])) {
    const value = a.variables.get(name);
    const other = b.variables.get(name);
    variables.set(name, value !== undefined && JSON.stringify(value) === JSON.stringify(other) ? value : null);
  }
  return { ...b, variables, cwds: same(a.cwds, b.cwds) ? b.cwds : null };
}

function same(a: readonly string[] | null, b: readonly string[] | null): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
