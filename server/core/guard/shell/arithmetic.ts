import type { ArithmeticExpression, Word } from "unbash";
import { walkPart } from "./expansion.ts";
import { isNumeric, join, type State, taint } from "./state.ts";
import { shapeOf } from "./substitution.ts";
import type { Walk } from "./walk.ts";

/** `((…))`, `$((…))`: what it assigns is a number; a name in it whose value is not surely a number is opaque, for bash evaluates it again. */
export function walkArithmetic(walk: Walk, node: ArithmeticExpression, state: State): State {
  walk.meet(node);
  const span = walk.span(node.pos, node.end);
  switch (node.type) {
    case "ArithmeticBinary": {
      if (/^([-+*/%&^|]|<<|>>)?=$/.test(node.operator) && node.left.type === "ArithmeticWord") {
        const after = walkArithmetic(walk, node.right, state);
        const name = node.left.value.trim();
        if (node.operator !== "=") walkArithmetic(walk, node.left, state);
        return walk.set(after, name, "integer", span);
      }
      return walkArithmetic(walk, node.right, walkArithmetic(walk, node.left, state));
    }
    case "ArithmeticUnary": {
      const after = walkArithmetic(walk, node.operand, state);
      return /^(\+\+|--)$/.test(node.operator) && node.operand.type === "ArithmeticWord"
        ? walk.set(after, node.operand.value.trim(), "integer", span)
        : after;
    }
    case "ArithmeticTernary": {
      const asked = walkArithmetic(walk, node.test, state);
      return join(walkArithmetic(walk, node.consequent, asked), walkArithmetic(walk, node.alternate, asked));
    }
    case "ArithmeticGroup":
      return walkArithmetic(walk, node.expression, state);
    case "ArithmeticWord": {
      for (const part of node.parts ?? []) walkPart(walk, part, state);
      const text = node.value.trim();
      if (/^([0-9]+|0[xX][0-9a-fA-F]+|[0-9]+#\w+)$/.test(text)) return state;
      const name = /^\$?\{?([A-Za-z_]\w*|[?#$!])\}?$/.exec(text)?.[1];
      const value = name === undefined ? null : walk.lookUp(name, state);
      const plain =
        isNumeric(value) || (Array.isArray(value) && value.every((piece) => !piece.pattern && /^-?[0-9]*$/.test(piece.text)));
      const counted = /^\$\{#[A-Za-z_]\w*(\[[@*]\])?\}$/.test(text);
      if (!plain && !counted) walk.opaque(`arithmetic on \`${text}\``, span);
      return state;
    }
    case "ArithmeticCommandExpansion":
      if (node.script === undefined) walk.opaque(`\`${node.text}\``, span);
      else walk.nested(node.script, state, null);
      if (node.script === undefined || !isNumeric(shapeOf(node.script))) walk.opaque(`arithmetic on \`${node.text}\``, span);
      return state;
    default:
      walk.opaque("arithmetic for which there is no rule", span);
      return taint(state);
  }
}

/** A text that bash evaluates as arithmetic: a variable in it is evaluated again, and may hold a substitution. */
export function walkSubscript(walk: Walk, word: Word, state: State): void {
  if (/^(\s*-?[0-9]+\s*|[@*])$/.test(word.text)) return;
  const fields = walk.words(word, state, "assignment");
  for (const [only, ...more] of fields) {
    const text = only?.known === "text" ? only.text.trim() : null;
    const name = text !== null && /^[A-Za-z_]\w*$/.test(text) ? walk.lookUp(text, state) : null;
    const plain =
      text !== null &&
      (/^-?[0-9]+$/.test(text) ||
        isNumeric(name) ||
        (Array.isArray(name) && name.every((piece) => /^-?[0-9]*$/.test(piece.text) && !piece.pattern)));
    if (!plain || more.length > 0) walk.opaque(`arithmetic on \`${word.text}\``, walk.span(word.pos, word.end));
  }
}
