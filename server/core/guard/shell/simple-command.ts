import type { Assignment, Command } from "unbash";
import { assignmentWord, likeAssignment, walkAssignment } from "./assignment.ts";
import { BUILTINS } from "./builtin.ts";
import { describeCommand, type Input } from "./command.ts";
import { walkRedirections } from "./redirection.ts";
import { assign, join, type State, taint } from "./state.ts";
import { isPlain } from "./variable.ts";
import type { Walk } from "./walk.ts";
import type { Argument } from "./word.ts";

/** Of one command. Nobody types more; substitutions in the rest would go unseen, so all of it is refused as opaque. */
const MOST_WORDS = 800;
const WORDS_A_STEP = 20;

const HOME_IN_ASSIGNMENT = /^[A-Za-z_]\w*(\[[^\]]*\])?\+?=([\s\S]*:)?~/;

/** One command with its redirections and assignments, for each of the words that it may turn out to have. */
export function walkCommand(walk: Walk, node: Command, before: State, input: Input): State {
  const span = walk.span(node.pos, node.end);
  const { state, input: redirected } = walkRedirections(walk, node.redirects, before);
  const assignments = node.prefix.filter((part): part is Assignment => part.type === "Assignment");
  if (node.name === undefined) {
    let now = state;
    for (const assignment of assignments) now = walkAssignment(walk, assignment, now, "shell");
    return now;
  }
  const prefixed = new Map<string, string | null>();
  for (const assignment of assignments) {
    // `IFS=: read …`: how one line is split, and nothing else.
    if (assignment.name === "IFS" && node.name.text === "read" && assignment.value.type === "Word") {
      walk.meet(assignment);
      walk.words(assignment.value, state, "assignment");
      continue;
    }
    // What the shell does itself sees the variable too.
    if (Object.hasOwn(BUILTINS, node.name.text) && !/^(echo|printf|pwd|true|false|test|\[|:|kill)$/.test(node.name.text))
      walk.setting(assignment.name, walk.span(assignment.pos, assignment.end));
    const value = walkAssignment(walk, assignment, state, "environment").variables.get(assignment.name);
    const piece = Array.isArray(value) && value.length === 1 ? value[0] : undefined;
    prefixed.set(assignment.name, piece === undefined || piece.pattern ? null : piece.text);
  }
  const declares = /^(export|readonly|declare|typeset|local)$/.test(node.name.value);
  if (node.args.length > MOST_WORDS) {
    walk.opaque("a command with too many words", span);
    return taint(state);
  }
  touching(walk, [node.name, ...node.args]);
  let lines: (readonly Argument[])[] = [[]];
  for (const part of [node.name, ...node.args]) {
    const choices =
      part.type !== "Word"
        ? assignmentWord(walk, part, state, declares)
        : HOME_IN_ASSIGNMENT.test(part.text)
          ? [[likeAssignment(walk, part, state)]]
          : walk.words(part, state);
    lines = lines.flatMap((line) => choices.map((choice) => [...line, ...choice]));
    if (lines.length > 64) {
      walk.opaque("a command with too many possible words", span);
      return taint(state);
    }
  }
  // Texts that the command hands to a shell see them.
  const given = assignments.reduce((now, { name }) => (isPlain(name, null) ? assign(now, name, null) : now), state);
  let end: State | null = null;
  for (const line of lines) {
    if (!walk.spend(1 + line.length / WORDS_A_STEP)) {
      walk.opaque("a text with too many steps", span);
      return taint(state);
    }
    walk.printed = null;
    walk.prefixed = prefixed;
    const after = describeCommand(walk, line, given, span, redirected ?? input ?? walk.shared);
    end = end === null ? after : join(end, after);
  }
  walk.prefixed = new Map();
  if (lines.length > 1) walk.printed = null;
  return end ?? state;
}

/** `<(a)b` is one word to the shell, and two to the parser: they are read as two, and what they are as one is not known. */
export function touching(
  walk: Walk,
  words: readonly { readonly pos: number; readonly end: number; readonly text: string }[],
): void {
  for (const [i, word] of words.entries()) {
    const before = words[i - 1];
    if (before !== undefined && before.end === word.pos)
      walk.opaque(`word \`${before.text}${word.text}\``, walk.span(before.pos, word.end));
  }
}
