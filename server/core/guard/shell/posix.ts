import { forEachChild, type ParsedScript, type Redirect, type SyntaxNode } from "unbash";
import type { Argument } from "./word.ts";

/**
 * What `sh` is nobody can say from the line: bash in its POSIX mode, dash, busybox ash. They read the language of POSIX
 * alike, and most of what bash adds in ways of their own: `[[ … ]]`, `((…))`, `x+=y` and `declare` are programs to dash,
 * which then goes on with what a variable held before. Text for `sh` that holds any of it is opaque.
 */

/** What a text for `sh` holds that not every `sh` reads as bash does, with its place; null: nothing. */
export function beyondPosix(script: ParsedScript): { readonly what: string; readonly pos: number; readonly end: number } | null {
  let found: { what: string; pos: number; end: number } | null = null;
  const look = (node: SyntaxNode): void => {
    if (found !== null) return;
    const what = strange(node);
    if (what === null) forEachChild(node, look);
    else found = { what, pos: node.pos, end: node.end };
  };
  look(script);
  return found;
}

/** Nodes that mean the same everywhere whatever is in them; for the rest {@link strange} has a rule. */
const PLAIN: ReadonlySet<string> = new Set([
  "Script",
  "Statement",
  "CompoundList",
  "AndOr",
  "Negation",
  "Redirected",
  "Subshell",
  "BraceGroup",
  "If",
  "Elif",
  "While",
  "For",
  "Case",
  "Function",
  "Literal",
  "SingleQuoted",
  "DoubleQuoted",
  "ArithmeticExpansion",
  "ArithmeticTernary",
  "ArithmeticGroup",
  "HereDoc",
  "HereDocBody",
  "HereDocDelimiter",
  "Remove",
  "Default",
]);

function strange(node: SyntaxNode): string | null {
  if (PLAIN.has(node.type)) return null;
  switch (node.type) {
    case "Word":
      return /^~[+-]/.test(node.text) ? `\`${node.text}\`` : null;
    case "SimpleExpansion":
      return ownVariable(node.text.slice(1));
    case "ParameterExpansion": {
      const { operation } = node;
      if (node.prefix === "!" || node.index !== undefined) return `\`${node.text}\``;
      if (operation === undefined) return ownVariable(node.parameter);
      const usual = operation.type === "Default" || operation.type === "Remove";
      return usual && !/['"\\]/.test(operation.operand.text) ? ownVariable(node.parameter) : `\`${node.text}\``;
    }
    case "ArithmeticWord": {
      const name = /^\$?\{?([A-Za-z_]\w*)\}?$/.exec(node.value.trim())?.[1];
      return name === undefined ? null : ownVariable(name);
    }
    case "ArithmeticBinary":
      return /^(\*\*|,)$/.test(node.operator) ? `\`${node.operator}\`` : null;
    case "ArithmeticUnary":
      return /^(\+\+|--)$/.test(node.operator) ? `\`${node.operator}\`` : null;
    case "CommandExpansion":
      return /^(\$\(|`)/.test(node.text) ? null : `\`${node.text}\``;
    case "ArithmeticCommandExpansion":
      return null;
    case "Glob":
      return node.kind !== "bracket" || /^\[!?[A-Za-z0-9_.,-]+\]$/.test(node.text) ? null : `\`${node.text}\``;
    case "Assignment":
      return node.append === true || node.index !== undefined || node.value.type === "ArrayValue" ? `\`${node.text}\`` : null;
    case "FileDescriptor":
      return node.value > 9 ? `\`${node.value}\` before a redirection` : null;
    case "Redirect":
      return redirect(node);
    case "CaseItem":
      return node.terminator === undefined || node.terminator === ";;" ? null : `\`${node.terminator}\``;
    case "Pipeline":
      return node.operators.includes("|&") ? "`|&`" : null;
    case "Command": {
      const declares = node.args.find((part) => part.type === "Assignment");
      // An older dash splits the value of an `export`.
      return declares !== undefined && declares.value.type === "Word" && splits(declares.value)
        ? `\`${declares.text}\` after a command's name`
        : null;
    }
    default:
      return NAMES[node.type] ?? `\`${node.type}\``;
  }
}

const NAMES: Readonly<Record<string, string>> = {
  TestCommand: "`[[ … ]]`",
  ArithmeticCommand: "`((…))`",
  ArithmeticFor: "`for ((…))`",
  Select: "`select`",
  Coproc: "`coproc`",
  Time: "`time`",
  HereString: "`<<<`",
  ProcessSubstitution: "a process substitution",
  AnsiCQuoted: "`$'…'`",
  LocaleString: '`$"…"`',
  BraceExpansion: "a brace expansion",
  ExtendedGlob: "an extended glob",
  ArrayValue: "a list",
  FileDescriptorVariable: "`{name}` before a redirection",
};

function redirect({ operator, target }: Redirect): string | null {
  if (operator.startsWith("&>")) return `\`${operator}\``;
  return operator.endsWith("&") && !/^([0-9]|-)$/.test(target?.text ?? "") ? `\`${operator}${target?.text ?? ""}\`` : null;
}

/** Whether a word holds an expansion that is not quoted. */
function splits(word: SyntaxNode): boolean {
  if (word.type === "DoubleQuoted" || word.type === "SingleQuoted") return false;
  if (/Expansion$/.test(word.type)) return true;
  let found = false;
  forEachChild(word, (child) => {
    found ||= splits(child);
  });
  return found;
}

/** Variables that bash sets by itself and others do not. */
function ownVariable(name: string): string | null {
  return /^(BASH\w*|S?RANDOM|SECONDS|E?UID|SHLVL|EPOCH\w*|HOST\w*|OSTYPE|MACHTYPE|PIPESTATUS|FUNCNAME|DIRSTACK|GROUPS|REPLY|_)$/.test(
    name,
  )
    ? `\`$${name}\``
    : null;
}

/** Built-ins of bash that every `sh` has too. */
const BUILTINS: ReadonlySet<string> = new Set(
  ": true false break continue return exit times jobs type shift echo pwd kill printf test [ cd export readonly unset read getopts eval . command exec alias unalias trap set wait hash ulimit umask fg bg".split(
    " ",
  ),
);
/** A variable that is set before one of these stays set after it. */
const SPECIAL: ReadonlySet<string> = new Set(
  ": . break continue eval exec exit export readonly return set shift times trap unset".split(" "),
);

/** The same of a built-in with its words. `prefixed`: variables are set before it. */
export function beyondPosixBuiltin(name: string, words: readonly Argument[], prefixed: boolean): string | null {
  if (!BUILTINS.has(name)) return `\`${name}\``;
  if (prefixed && SPECIAL.has(name)) return `a variable before \`${name}\``;
  const usual = name === "read" ? /^-r$/ : name === "printf" || name === "export" || name === "unset" ? /^-[pf]$/ : null;
  for (const word of usual === null ? [] : words) {
    if (word.known !== "text" || !/^[-+]./.test(word.text)) break;
    if (usual !== null && !usual.test(word.text)) return `\`${name} ${word.text}\``;
  }
  return null;
}
