import { type Exec, emitExec } from "../command.ts";
import { runText } from "../meaning.ts";
import { readLine } from "../options.ts";
import type { Argument } from "../word.ts";

const OPTIONS = {
  short: "F:v:f:W:bcCd::D::e:E:ghi:IkLl:MnNo::p::rsStVO",
  long: "field-separator= assign= file= source= include= load= exec= csv re-interval posix traditional version help lint=? sandbox bignum optimize no-optimize",
} as const;

/** `awk`: a language that runs commands, opens files and connects; programs that only look at their input are plain. */
export function awk(exec: Exec): void {
  const { walk, state } = exec;
  const line = readLine(OPTIONS, exec.words, true);
  emitExec(exec, { subcommand: "", flags: line.options.map((option) => option.name), operands: line.operands });
  for (const word of line.unsure) walk.opaque(`word \`${word.source}\` of \`awk\`, which may be an option`, word.span);
  const programs: Argument[] = [];
  let given = false;
  for (const option of line.options) {
    if (/^-(f|E|i|-file|-exec|-include)$/.test(option.name)) {
      given ||= option.name !== "-i" && option.name !== "--include";
      if (option.value !== null) {
        walk.file("file:read", option.value, state);
        walk.opaque(`script \`${option.value.source}\``, option.value.span);
      }
    } else if (/^-(e|-source)$/.test(option.name)) {
      given = true;
      if (option.value !== null) programs.push(option.value);
    } else if (/^-(l|-load)$/.test(option.name)) walk.opaque("code that `awk` loads", exec.span);
    else if (/^-[doDp]$/.test(option.name)) {
      walk.file(
        "file:write",
        option.value ?? { span: exec.span, source: "awkvars.out", known: "text", text: "awkvars.out" },
        state,
      );
    } else if (!option.listed || option.name === "-W") walk.opaque(`option \`${option.name}\` of \`awk\``, exec.span);
  }
  const [first, ...rest] = line.operands;
  if (!given && first !== undefined) programs.push(first);
  for (const program of programs) describeProgramText(exec, program);
  for (const file of given ? line.operands : rest) {
    if (file.known === "text" && /^[A-Za-z_]\w*=/.test(file.text)) continue;
    walk.file("file:read", file, state);
  }
}

type Token = { readonly kind: "word" | "string" | "pattern" | "sign"; readonly text: string };

function describeProgramText(exec: Exec, program: Argument): void {
  if (program.known !== "text") {
    exec.walk.opaque(`program text \`${program.source}\``, program.span);
    return;
  }
  const tokens = tokenise(program.text);
  if (tokens === null) {
    exec.walk.opaque(`program text \`${program.source}\`, of which a part is not known`, program.span);
    return;
  }
  const gap = (why: string): Argument => ({
    span: program.span,
    source: program.source,
    known: "no",
    why,
    prefix: "",
    splits: false,
  });
  const text = (token: Token | undefined, next: Token | undefined): Argument =>
    token?.kind === "string" && (next === undefined || /^[|);}\n,]$/.test(next.text) || next.text === "getline")
      ? { ...program, text: token.text }
      : gap("is made by the program");
  let printing = false;
  let depth = 0;
  for (const [i, token] of tokens.entries()) {
    const next = tokens[i + 1];
    if (token.kind === "word") {
      if (token.text === "print" || token.text === "printf") {
        printing = true;
        depth = 0;
      } else if (token.text === "system")
        runText(exec, next?.text === "(" ? text(tokens[i + 2], tokens[i + 3]) : gap("is made by the program"));
      else if (token.text === "getline") {
        const variable = next?.kind === "word" ? 1 : 0;
        const after = tokens[i + 1 + variable];
        if (after?.text === "<")
          exec.walk.file("file:read", text(tokens[i + 2 + variable], tokens[i + 3 + variable]), exec.state);
        // `getline a[1] < FILE`, `getline $0 < FILE`, `(getline) < FILE`.
        else if (after !== undefined && !/^([;}\n,>]|\)|&&|\|\|)$/.test(after.text))
          exec.walk.file("file:read", gap("is made by the program"), exec.state);
      } else if (/^(ENVIRON|PROCINFO|ARGV|ARGC|SYMTAB|FUNCTAB)$/.test(token.text))
        exec.walk.opaque(`\`${token.text}\` in a program text`, program.span);
    } else if (token.kind === "sign") {
      if (/^[;}\n]$/.test(token.text)) printing = false;
      if (token.text === "(" || token.text === "[") depth++;
      if (token.text === ")" || token.text === "]") depth--;
      if (token.text === "@") exec.walk.opaque(`\`@${next?.text ?? ""}\` in a program text`, program.span);
      if (token.text === "|" || token.text === "|&") {
        if (next?.text === "getline")
          runText(exec, text(tokens[i - 1], tokens[i - 2]?.kind === "sign" || i < 2 ? undefined : { kind: "sign", text: "?" }));
        else runText(exec, text(next, tokens[i + 2]));
      } else if (printing && depth === 0 && (token.text === ">" || token.text === ">>")) {
        const target = text(next, tokens[i + 2]);
        exec.walk.file("file:write", target, exec.state);
      }
    }
  }
  if (tokens.some((token) => token.kind === "string" && /^\/inet/.test(token.text)))
    exec.walk.opaque("a connection made by a program text", program.span);
}

const UNSURE = /^(getline|length|next|nextfile|delete|break|continue|function|func|case|default|switch|BEGINFILE|ENDFILE)$/;

/** Where the bracket expression that begins at `from` ends. Null: programs of the name differ in that. */
function endOfBracket(text: string, from: number): number | null {
  const first = from + (text[from + 1] === "^" ? 2 : 1);
  const end = text.indexOf("]", first);
  if (end === -1) return null;
  const inside = text.slice(first, end);
  if (!inside.includes("[") && !inside.endsWith("\\") && inside !== "") return end;
  // A class (`[[:space:]]`), or a bracket as a character: where a slash or a quote follows, it could hide the rest.
  const most = /^\]?(\[[:.=][^\]]*[:.=]\]|\\.|[^\]\\])*\]/.exec(text.slice(first))?.[0];
  return most === undefined || /[/"\\]/.test(most) ? null : first + most.length - 1;
}

/** Null: an unclosed string or pattern. A slash begins a pattern where a value cannot stand before it. */
function tokenise(text: string): readonly Token[] | null {
  const tokens: Token[] = [];
  // For each open bracket, whether it holds the condition of a statement: after it a slash begins a pattern.
  const brackets: boolean[] = [];
  let condition = false;
  for (let i = 0; i < text.length; ) {
    const c = text[i] as string;
    const last = tokens.at(-1);
    // Programs of the name differ in what a slash is here.
    if (c === "/" && last !== undefined && (/^(\+\+|--|\$)$/.test(last.text) || (last.kind === "word" && UNSURE.test(last.text))))
      return null;
    if (c === " " || c === "\t" || c === "\r") i++;
    else if (c === "\\" && text[i + 1] === "\n") i += 2;
    else if (c === "#") {
      while (i < text.length && text[i] !== "\n") i++;
    } else if (
      c === '"' ||
      (c === "/" &&
        !(last?.kind === "word" && !/^(print|printf|return|in|else|do|exit|BEGIN|END)$/.test(last.text)) &&
        last?.kind !== "string" &&
        !(last?.kind === "sign" && (last.text === "]" || (last.text === ")" && !condition))))
    ) {
      let j = i + 1;
      let value = "";
      for (; j < text.length && text[j] !== c; j++) {
        if (text[j] === "\n") return null;
        if (c === "/" && text[j] === "[") {
          const end = endOfBracket(text, j);
          if (end === null) return null;
          value += text.slice(j, end);
          j = end;
        }
        if (text[j] === "\\") {
          j++;
          value += c === '"' && /[0-7xabfnrtv]/.test(text[j] ?? "") ? "\u0001" : (text[j] ?? "");
        } else value += text[j];
      }
      if (j >= text.length) return null;
      // An escape in a string is not decoded: the text is then taken for one that is not known.
      tokens.push(
        c === '"' ? { kind: value.includes("\u0001") ? "word" : "string", text: value } : { kind: "pattern", text: value },
      );
      i = j + 1;
    } else if (/[A-Za-z_0-9.]/.test(c)) {
      const end = /^[A-Za-z_0-9.]+/.exec(text.slice(i))?.[0] ?? c;
      tokens.push({ kind: "word", text: end });
      i += end.length;
    } else {
      const sign = /^(\|\||\|&|&&|>>|>=|<=|==|!=|!~|\*\*|[-+*/%^]=|\+\+|--)/.exec(text.slice(i))?.[0] ?? c;
      if (sign === "(") brackets.push(last?.kind === "word" && /^(if|while|for)$/.test(last.text));
      if (sign === ")") condition = brackets.pop() ?? false;
      tokens.push({ kind: "sign", text: sign });
      i += sign.length;
    }
  }
  return tokens;
}
