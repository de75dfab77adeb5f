import type { TestExpression, Word } from "unbash";
import { walkSubscript } from "./arithmetic.ts";
import type { State } from "./state.ts";
import type { Walk } from "./walk.ts";

/** `[[ … ]]`: words, and arithmetic beside `-eq` and its like. */
export function walkTest(walk: Walk, node: TestExpression, state: State): State {
  walk.meet(node);
  switch (node.type) {
    case "TestUnary":
      walk.words(node.operand, state, "assignment");
      if (/^-[vR]$/.test(node.operator) && !/^\w+$/.test(node.operand.text))
        walk.opaque(`\`${node.operator} ${node.operand.text}\``, walk.span(node.pos, node.end));
      return state;
    case "TestBinary":
      if (/^-(eq|ne|lt|le|gt|ge)$/.test(node.operator)) {
        numeric(walk, node.left, state);
        numeric(walk, node.right, state);
        return state;
      }
      walk.words(node.left, state, "assignment");
      walk.words(node.right, state, "assignment");
      return state;
    case "TestLogical":
      for (const operand of node.operands) walkTest(walk, operand, state);
      return state;
    case "TestNot":
      return walkTest(walk, node.operand, state);
    case "TestGroup":
      return walkTest(walk, node.expression, state);
    default:
      walk.opaque("a test for which there is no rule", [0, 0]);
      return state;
  }
}

/** An operand of `-eq` and its like inside `[[ ]]`. */
function numeric(walk: Walk, word: Word, state: State): void {
  for (const [only, ...more] of walk.words(word, state, "assignment")) {
    const plain =
      only === undefined ||
      (only.known === "text" && /^-?[0-9]*$/.test(only.text)) ||
      (only.known === "pattern" && only.pattern === "*");
    if (!plain || more.length > 0) walkSubscript(walk, word, state);
  }
}
