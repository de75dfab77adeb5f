import type { Assignment, Word } from "unbash";
import { walkSubscript } from "./arithmetic.ts";
import { isNumeric, type Numeric, type State, type Value } from "./state.ts";
import { shapeOf } from "./substitution.ts";
import { isPlain } from "./variable.ts";
import type { Walk } from "./walk.ts";
import { type Argument, valuesIn } from "./word.ts";

/** `a=b` after a command name: an argument, or an assignment if the command declares. */
export function assignmentWord(walk: Walk, node: Assignment, state: State, declares: boolean): readonly (readonly Argument[])[] {
  walk.meet(node);
  const span = walk.span(node.pos, node.end);
  const gap = (why: string): readonly (readonly Argument[])[] => [
    [{ span, source: node.text, known: "no", why, prefix: "", splits: !declares }],
  ];
  if (node.value.type === "ArrayValue" || node.index !== undefined) {
    if (node.index !== undefined) walk.words(node.index, state);
    for (const element of node.value.type === "ArrayValue" ? node.value.elements : [node.value]) walk.words(element, state);
    return gap("is an array");
  }
  const head = `${node.name}${node.append === true ? "+=" : "="}`;
  if (!declares && node.value.text.startsWith("~")) return gap("holds `~`");
  return walk.words(node.value, state, declares ? "assignment" : "argument").map((fields) => {
    const [first, ...more] = fields;
    if (first === undefined) return [{ span, source: node.text, known: "text", text: head }];
    if (first.known === "text") return [{ ...first, span, source: node.text, text: head + first.text }, ...more];
    if (first.known === "pattern") return [{ ...first, span, source: node.text, pattern: head + first.pattern }, ...more];
    return [
      {
        span,
        source: node.text,
        known: "no",
        why: first.known === "no" ? first.why : "joins a pipe and text",
        prefix: head,
        splits: first.known === "no" && first.splits,
      },
      ...more,
    ];
  });
}

/** An argument that looks like an assignment has its `~` expanded like one: `dd if=~/x`. */
export function likeAssignment(walk: Walk, word: Word, state: State): Argument {
  walk.words(word, state);
  const prefix = word.text.slice(0, word.text.indexOf("=") + 1);
  return { span: walk.span(word.pos, word.end), source: word.text, known: "no", why: "holds `~`", prefix, splits: false };
}

/** `NAME=value` of the shell itself, or before a command, which alone is given it. */
export function walkAssignment(walk: Walk, node: Assignment, state: State, scope: "shell" | "environment"): State {
  walk.meet(node);
  const span = walk.span(node.pos, node.end);
  if (node.index !== undefined) walkSubscript(walk, node.index, state);
  if (node.value.type === "ArrayValue") {
    walk.meet(node.value);
    for (const element of node.value.elements) {
      walk.words(element, state);
      // `[NAME]=value`: the place is arithmetic.
      if (element.text.startsWith("[") && element.text.includes("=") && !/^\[[0-9]+\]\+?=/.test(element.text))
        walk.opaque(`arithmetic in \`${element.text}\``, span);
    }
    return walk.set(state, node.name, null, span);
  }
  const texts = valuesIn(walk.words(node.value, state, "assignment"));
  const value = numberIn(walk, node.value, state) ?? texts;
  if (scope === "environment" && !isPlain(node.name, single(texts))) walk.setting(node.name, span);
  return walk.set(state, node.name, node.append === true || node.index !== undefined ? null : value, span);
}

function single(value: Value): string | null {
  const [piece, ...more] = Array.isArray(value) ? value : [];
  return piece === undefined || piece.pattern || more.length > 0 ? null : piece.text;
}

/** `$((…))`, `$(date +%s)`: whatever comes out is a number, or nothing. */
function numberIn(walk: Walk, word: Word, state: State): Numeric | null {
  const [part, ...more] = word.parts ?? [];
  if (part === undefined || more.length > 0) return null;
  const inner = part.type === "DoubleQuoted" && part.parts.length === 1 ? part.parts[0] : part;
  if (inner?.type === "ArithmeticExpansion") return "integer";
  if (inner?.type === "SimpleExpansion") {
    const value = walk.lookUp(inner.text.slice(1), state);
    return isNumeric(value) ? value : null;
  }
  if (inner?.type !== "CommandExpansion" || inner.script === undefined || /^\$\{/.test(inner.text)) return null;
  const shape = shapeOf(inner.script);
  return isNumeric(shape) ? shape : null;
}
