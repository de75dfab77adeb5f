import type { ParameterExpansionPart, WordPart } from "unbash";
import { walkArithmetic, walkSubscript } from "./arithmetic.ts";
import type { State, Value } from "./state.ts";
import { shapeOf } from "./substitution.ts";
import { isHeldByShell } from "./variable.ts";
import type { Walk } from "./walk.ts";
import { valuesIn } from "./word.ts";

/** Everything in a part of a word that runs or assigns; what is known of the text that it becomes. */
export function walkPart(walk: Walk, part: WordPart, state: State): Value {
  walk.meet(part);
  const span = walk.span(part.pos, part.end);
  switch (part.type) {
    case "SimpleExpansion":
      return walk.lookUp(part.text.slice(1), state);
    case "ParameterExpansion":
      return parameter(walk, part, state);
    case "CommandExpansion":
      if (part.script === undefined || /^\$\{/.test(part.text)) {
        walk.opaque(`\`${part.text}\``, span);
        return null;
      }
      walk.nested(part.script, state, part.text.startsWith("`") ? span : null);
      return shapeOf(part.script);
    case "ProcessSubstitution":
      if (part.script === undefined) walk.opaque(`\`${part.text}\``, span);
      else walk.nested(part.script, state, null);
      return null;
    case "ArithmeticExpansion":
      if (part.expression === undefined) walk.opaque(`arithmetic \`${part.text}\``, span);
      else walkArithmetic(walk, part.expression, state);
      return "integer";
    case "DoubleQuoted":
    case "LocaleString":
      for (const child of part.parts) walkPart(walk, child, state);
      return null;
    case "Literal":
    case "SingleQuoted":
    case "AnsiCQuoted":
      return null;
    case "Glob":
    case "ExtendedGlob":
    case "BraceExpansion":
      for (const child of part.parts ?? []) walkPart(walk, child, state);
      // A pattern whose inside the parser keeps as text could hold a substitution.
      if (part.parts === undefined && /[$`]|[<>]\(/.test(part.text)) walk.opaque(`\`${part.text}\``, span);
      return null;
    default:
      walk.opaque("a part of a word for which there is no rule", span);
      return null;
  }
}

function parameter(walk: Walk, part: ParameterExpansionPart, state: State): Value {
  const span = walk.span(part.pos, part.end);
  if (part.index !== undefined) walkSubscript(walk, part.index, state);
  if (part.operation !== undefined) walk.meet(part.operation);
  if (part.prefix === "!") {
    if (part.operation?.type !== "Names" && !(part.index !== undefined && /^[@*]$/.test(part.index.text)))
      walk.opaque(`\`${part.text}\``, span);
    return null;
  }
  const operation = part.operation;
  if (operation === undefined)
    return part.prefix === "#" ? "integer" : part.index === undefined ? walk.lookUp(part.parameter, state) : null;
  const value = walk.lookUp(part.parameter, state);
  switch (operation.type) {
    case "Default": {
      const other = valuesIn(walk.words(operation.operand, state, "assignment"));
      if (operation.operator === "=" || operation.operator === ":=") {
        if (isHeldByShell(part.parameter)) walk.setting(part.parameter, span);
        return null;
      }
      // Quotes in it mean one thing in a quoted word and another in one that is not.
      if (/['"\\]/.test(operation.operand.text)) return null;
      if (operation.operator === ":-" && Array.isArray(value) && value.length === 1 && part.index === undefined) {
        return value[0]?.text === "" ? other : value;
      }
      return null;
    }
    case "Remove":
      walk.words(operation.operand, state, "assignment");
      return null;
    case "Replace":
      walk.words(operation.pattern, state, "assignment");
      walk.words(operation.replacement, state, "assignment");
      return null;
    case "Slice":
      walkSubscript(walk, operation.offset, state);
      if (operation.length !== undefined) walkSubscript(walk, operation.length, state);
      return null;
    case "CaseModification":
      if (operation.operand !== undefined) walk.words(operation.operand, state, "assignment");
      return null;
    case "Transform":
      // `@P` expands the value as a prompt, and a prompt runs substitutions.
      if (!/^[QULuAaKkE]$/.test(operation.operand.text)) walk.opaque(`\`${part.text}\``, span);
      return null;
    case "Names":
      return null;
    default:
      walk.opaque(`\`${part.text}\``, span);
      return null;
  }
}
