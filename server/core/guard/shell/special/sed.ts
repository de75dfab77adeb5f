import { type Exec, emitExec } from "../command.ts";
import { runText } from "../meaning.ts";
import { readLine } from "../options.ts";
import type { Argument } from "../word.ts";

const OPTIONS = {
  short: "nrEszubi::e:f:l:",
  long: "quiet silent expression= file= in-place=? line-length= regexp-extended separate unbuffered null-data posix sandbox debug follow-symlinks help version",
} as const;

/** `sed`: its scripts read files (`r`), write them (`w`, `s///w`) and run commands (`e`, `s///e`). */
export function sed(exec: Exec): void {
  const { walk, state } = exec;
  const line = readLine(OPTIONS, exec.words, false);
  emitExec(exec, { subcommand: "", flags: line.options.map((option) => option.name), operands: line.operands });
  for (const word of line.unsure) walk.opaque(`word \`${word.source}\` of \`sed\`, which may be an option`, word.span);
  const scripts: Argument[] = [];
  let inPlace = false;
  let given = false;
  for (const option of line.options) {
    if (!option.listed) walk.opaque(`option \`${option.name}\` of \`sed\`, which is not known`, exec.span);
    if (/^(-i|--in-place)$/.test(option.name)) inPlace = true;
    if (/^(-e|--expression)$/.test(option.name) && option.value !== null) scripts.push(option.value);
    if (/^(-f|--file)$/.test(option.name) && option.value !== null) {
      walk.file("file:read", option.value, state);
      walk.opaque(`script \`${option.value.source}\``, option.value.span);
    }
    if (/^(-e|--expression|-f|--file)$/.test(option.name)) given = true;
  }
  const files = given ? line.operands : line.operands.slice(1);
  const [first] = line.operands;
  if (!given && first !== undefined) scripts.push(first);
  for (const script of scripts) describeScript(exec, script);
  for (const file of files) {
    walk.file("file:read", file, state);
    if (inPlace) walk.file("file:write", file, state);
  }
}

function describeScript(exec: Exec, script: Argument): void {
  if (script.known !== "text") {
    exec.walk.opaque(`script \`${script.source}\``, script.span);
    return;
  }
  let at = 0;
  const text = script.text;
  const rest = () => {
    const end = text.indexOf("\n", at);
    const found = text.slice(at, end === -1 ? text.length : end);
    at = end === -1 ? text.length : end;
    return found;
  };
  const delimited = (): boolean => {
    const delimiter = text[at];
    if (delimiter === undefined || delimiter === "\n" || delimiter === "\\") return false;
    for (at++; at < text.length; at++) {
      if (text[at] === "\\") at++;
      else if (text[at] === "[" && delimiter !== "[") {
        // A bracket expression may hold the delimiter, and then programs differ.
        const end = endOfBracket(text, at);
        if (end === -1 || text.slice(at, end).includes(delimiter)) return false;
        at = end;
      } else if (text[at] === delimiter) {
        at++;
        return true;
      }
    }
    return false;
  };
  const replacement = (delimiter: string): boolean => {
    for (; at < text.length; at++) {
      if (text[at] === "\\") at++;
      else if (text[at] === delimiter) {
        at++;
        return true;
      }
    }
    return false;
  };
  const opaque = () => exec.walk.opaque(`script \`${script.source}\`, of which a part is not known`, script.span);
  while (at < text.length) {
    const c = text[at] as string;
    if (/[\s;{}]/.test(c)) at++;
    else if (c === "#") rest();
    else if (/[0-9,$!~+]/.test(c)) at++;
    else if (c === "/" || c === "\\") {
      if (c === "\\") at++;
      if (!delimited()) {
        opaque();
        return;
      }
      while (/[IM]/.test(text[at] ?? "")) at++;
    } else if (c === "s" || c === "y") {
      at++;
      const delimiter = text[at] ?? "";
      if (!delimited() || !replacement(delimiter)) {
        opaque();
        return;
      }
      for (; at < text.length && !/[;}\n]/.test(text[at] ?? ""); at++) {
        const flag = text[at] as string;
        if (flag === "w") {
          at++;
          exec.walk.file("file:write", { ...script, text: rest().trim() }, exec.state);
          break;
        }
        if (flag === "e") {
          runText(exec, {
            span: script.span,
            source: script.source,
            known: "no",
            why: "is the outcome of a replacement",
            prefix: "",
            splits: false,
          });
        } else if (!/[gpiIMm0-9\s#]/.test(flag)) {
          opaque();
          return;
        }
      }
    } else if (/[pPdDgGhHnNx=Fz]/.test(c)) at++;
    else if (/[qQlL]/.test(c)) {
      at++;
      while (/[0-9 ]/.test(text[at] ?? "")) at++;
    } else if (/[btT:]/.test(c)) {
      at++;
      // A blank ends a label, and a command may follow.
      while (/[ \t]/.test(text[at] ?? "")) at++;
      while (at < text.length && !/[;\s}]/.test(text[at] ?? "")) at++;
    } else if (/[aic]/.test(c)) {
      at++;
      while (/(^|[^\\])(\\\\)*\\$/.test(rest()) && at < text.length) at++;
    } else if (/[rRwW]/.test(c)) {
      at++;
      const name = rest().trim();
      exec.walk.file(/[rR]/.test(c) ? "file:read" : "file:write", { ...script, text: name }, exec.state);
    } else if (c === "e") {
      at++;
      const command = rest().trim();
      runText(
        exec,
        command === ""
          ? { span: script.span, source: script.source, known: "no", why: "is a line of the input", prefix: "", splits: false }
          : { ...script, text: command },
      );
    } else {
      opaque();
      return;
    }
  }
}

/** Where the bracket expression that begins at `from` ends; `[:space:]` and its like are parts of it. */
function endOfBracket(text: string, from: number): number {
  let at = from + (text[from + 1] === "^" ? 2 : 1);
  if (text[at] === "]") at++;
  for (; at < text.length; at++) {
    if (text[at] === "]") return at;
    const kind = text[at] === "[" ? text[at + 1] : undefined;
    if (kind === undefined || !/[:.=]/.test(kind)) continue;
    const end = text.indexOf(`${kind}]`, at + 2);
    if (end === -1) return -1;
    at = end + 1;
  }
  return -1;
}
