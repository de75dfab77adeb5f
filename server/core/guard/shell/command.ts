import type { Span } from "../../domain/span.ts";
import { BUILTINS } from "./builtin.ts";
import { CATALOGUE } from "./catalogue.generated.ts";
import { absolute, namesOf, programName } from "./path.ts";
import { beyondPosixBuiltin } from "./posix.ts";
import { describeEntry } from "./program.ts";
import { SPECIAL } from "./special.ts";
import { type State, taint } from "./state.ts";
import type { Walk } from "./walk.ts";
import type { Argument } from "./word.ts";

/** What a command's standard input is. Null: as it was; a text where the line itself holds it. */
export type Input = null | "pipe" | "unknown" | { readonly text: string; readonly span: Span };

export interface Exec {
  readonly walk: Walk;
  readonly name: string;
  readonly words: readonly Argument[];
  readonly state: State;
  /** Where the name stands. */
  readonly span: Span;
  readonly input: Input;
}

/** Describes one command whose words are expanded. Returns the shell's state when it went well. */
export function describeCommand(walk: Walk, line: readonly Argument[], state: State, span: Span, input: Input): State {
  if (walk.wrapped >= 16) {
    walk.opaque("commands nested too deep", span);
    return taint(state);
  }
  walk.wrapped++;
  const after = describeOne(walk, line, state, input);
  walk.wrapped--;
  return after;
}

function describeOne(walk: Walk, line: readonly Argument[], state: State, input: Input): State {
  walk.heard?.(line);
  const [first, ...words] = line;
  if (first === undefined) return state;
  if (first.known !== "text") {
    walk.opaque(`program \`${first.source}\`, which is known only when it runs`, first.span);
    return taint(state);
  }
  if (first.text === "") return state;
  if (/[^\x20-\x7e]/.test(first.text)) {
    walk.opaque(`program \`${first.source}\`, whose name holds unusual characters`, first.span);
    return taint(state);
  }
  if (/^!./.test(first.text) && /^!/.test(first.source)) {
    walk.opaque(`\`${first.source}\`: the gateway does no history expansion`, first.span);
    return state;
  }
  const exec: Exec = { walk, name: first.text, words, state, span: first.span, input };
  if (!first.text.includes("/")) {
    const alias = state.aliases.get(first.text);
    if (alias !== undefined) walk.text(alias, first.span, { ...state, aliases: new Map() });
    if (state.functions.has(first.text)) {
      walk.opaque(`call of the function \`${first.text}\``, first.span);
      return taint(state);
    }
    const builtin = BUILTINS[first.text];
    if (builtin !== undefined && Object.hasOwn(BUILTINS, first.text)) {
      const strange = walk.language === "sh" ? beyondPosixBuiltin(first.text, words, walk.prefixed.size > 0) : null;
      if (strange !== null) walk.opaque(`${strange} in a text for \`sh\``, first.span);
      return builtin(exec);
    }
    describeProgram(exec);
    return state;
  }
  const cwds = first.text.startsWith("/") ? ["/"] : state.cwds;
  for (const cwd of cwds ?? []) {
    const path = absolute(first.text, cwd);
    if (path === null) walk.opaque(`program \`${first.source}\` with \`..\` after what may be a link`, first.span);
    else {
      const standard = namesOf(path)
        .map(programName)
        .find((name) => !name.includes("/"));
      describeProgram({ ...exec, name: standard ?? path });
    }
  }
  if (cwds === null) walk.opaque(`program \`${first.source}\` in a directory that is known only when it runs`, first.span);
  return state;
}

export function describeProgram(exec: Exec): void {
  const { walk, name, span, words } = exec;
  walk.program(name);
  const special = Object.hasOwn(SPECIAL, name) ? SPECIAL[name] : undefined;
  if (special !== undefined) {
    special(exec);
    return;
  }
  const entry = Object.hasOwn(CATALOGUE, name) ? CATALOGUE[name] : undefined;
  if (entry !== undefined) {
    describeEntry(exec, entry);
    return;
  }
  emitExec(exec, {
    subcommand: "",
    flags: flagsOf(words),
    operands: words.filter((word) => !(word.known === "text" && word.text.startsWith("-"))),
  });
  walk.opaque(`effects of \`${name}\`, which are not known`, span);
}

function flagsOf(words: readonly Argument[]): string[] {
  return words.flatMap((word) => (word.known === "text" && word.text.startsWith("-") ? [word.text] : []));
}

export function emitExec(
  exec: Exec,
  line: { subcommand: string; flags: readonly string[]; operands: readonly Argument[] },
): void {
  const texts = line.operands.flatMap((word) =>
    word.known === "text" ? [word.text] : word.known === "pattern" ? [word.pattern] : [],
  );
  exec.walk.emit({
    action: "shell:exec",
    resource: { kind: "program", program: exec.name },
    span: exec.span,
    context: {
      command: {
        program: exec.name,
        subcommand: line.subcommand,
        flags: [...new Set(line.flags)],
        arguments: texts,
        unknown: exec.words.some((word) => word.known === "no"),
      },
    },
  });
}
