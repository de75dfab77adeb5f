import { forEachChild, type ParsedScript, type SyntaxNode } from "unbash";

/**
 * Names that expansions of a text assign to: `${x:=v}`, `$((x = 1))`, `$((x++))`. It happens while words are expanded, in
 * whatever command they stand, so what such a variable holds is not followed: it is unknown from the text's beginning.
 * What commands assign (`x=v`, `((x = 1))`, `read x`) is followed where it stands.
 */
export function assignedByExpansions(script: ParsedScript): ReadonlySet<string> {
  const names = new Set<string>();
  const look = (node: SyntaxNode, arithmetic: boolean): void => {
    switch (node.type) {
      case "ParameterExpansion":
        if (node.operation?.type === "Default" && /=$/.test(node.operation.operator)) names.add(node.parameter);
        break;
      case "ArithmeticBinary":
        if (arithmetic && /^([-+*/%&^|]|<<|>>)?=$/.test(node.operator)) add(names, node.left);
        break;
      case "ArithmeticUnary":
        if (arithmetic && /^(\+\+|--)$/.test(node.operator)) add(names, node.operand);
        break;
    }
    const inside = arithmetic || node.type === "ArithmeticExpansion";
    forEachChild(node, (child) => look(child, inside));
  };
  look(script, false);
  return names;
}

function add(names: Set<string>, target: SyntaxNode): void {
  if (target.type === "ArithmeticWord") names.add(/^[A-Za-z_]\w*/.exec(target.value.trim())?.[0] ?? target.value);
  else if (target.type === "ArithmeticGroup") add(names, target.expression);
}
