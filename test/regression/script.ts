/**
 * Reads a script as psql does: statements end at a semicolon outside of quotes, comments and brackets; lines that begin
 * with a backslash are psql's own; data of COPY follows its statement.
 */

export interface ScriptStatement {
  readonly text: string;
  /** Lines that COPY … FROM stdin reads. Null: none. */
  readonly data: string | null;
}

const ENDS = /^\\(?:g(?:x|set|exec|desc)?|crosstabview|watch|bind)\b[^\n]*/;

export function readScript(source: string, environment: Readonly<Record<string, string>>): readonly ScriptStatement[] {
  const statements: ScriptStatement[] = [];
  const variables = new Map(Object.entries(environment));
  let text = "";
  let at = 0;
  let depth = 0;
  let atomic = 0;
  const take = (length: number) => {
    text += source.slice(at, at + length);
    at += length;
  };
  const end = () => {
    const own = text.trim();
    text = "";
    depth = 0;
    atomic = 0;
    if (own === "") return;
    let data: string | null = null;
    if (/^copy\b[^;]*\bfrom\s+stdin\b/i.test(own)) {
      const from = source.indexOf("\n", at) + 1;
      const until = source.indexOf("\n\\.\n", from - 1);
      data = until < from ? "" : source.slice(from, until + 1);
      at = until < 0 ? at : until + 4;
    }
    statements.push({ text: own, data });
  };
  while (at < source.length) {
    const rest = source.slice(at, at + 400);
    const quoted = quotedLength(source, at);
    const word = /^[a-z_]\w*/i.exec(rest)?.[0].toLowerCase();
    const variable = /^:(['"]?)([a-z_]\w*)\1/i.exec(rest);
    if (rest.startsWith("--")) at += lineLength(source, at);
    else if (quoted > 0) take(quoted);
    else if (word !== undefined) {
      if (word === "atomic" && /\bbegin\s+$/i.test(text)) atomic += 1;
      else if (word === "case" && atomic > 0) atomic += 1;
      else if (word === "end" && atomic > 0) atomic -= 1;
      take(word.length);
    } else if (rest.startsWith("\\;")) {
      text += ";";
      at += 2;
    } else if (rest.startsWith("\\")) {
      const line = source.slice(at, at + lineLength(source, at));
      at += line.length;
      if (ENDS.test(line)) end();
      else meta(line, variables);
    } else if (variable !== null && variables.has(variable[2] ?? "") && source[at - 1] !== ":") {
      const [whole, quote = "", name = ""] = variable;
      const value = variables.get(name) ?? "";
      text += quote === "" ? value : `${quote}${value.replaceAll(quote, quote + quote)}${quote}`;
      at += whole.length;
    } else if (rest.startsWith("::")) take(2);
    else if (rest.startsWith(";") && depth <= 0 && atomic === 0) {
      at += 1;
      end();
    } else {
      if (rest.startsWith("(")) depth += 1;
      if (rest.startsWith(")")) depth -= 1;
      take(1);
    }
  }
  end();
  return statements;
}

function lineLength(source: string, at: number): number {
  const until = source.indexOf("\n", at);
  return (until < 0 ? source.length : until) - at;
}

/** Length of the string, quoted name, dollar-quoted text or block comment that starts here; zero: none does. */
function quotedLength(source: string, at: number): number {
  const rest = source.slice(at, at + 80);
  const escaped = /^e'/i.test(rest) && !/\w/.test(source[at - 1] ?? "");
  if (escaped || rest.startsWith("'")) {
    const pattern = escaped ? /e'(?:[^'\\]|''|\\[\s\S])*'/iy : /'(?:[^']|'')*'/y;
    return matchLength(pattern, source, at);
  }
  if (rest.startsWith('"')) return matchLength(/"(?:[^"]|"")*"/y, source, at);
  if (rest.startsWith("/*")) return commentLength(source, at);
  const tag = /\w/.test(source[at - 1] ?? "") ? null : /^\$(?:[a-z_]\w*)?\$/i.exec(rest);
  if (tag === null) return 0;
  const until = source.indexOf(tag[0], at + tag[0].length);
  return until < 0 ? 0 : until + tag[0].length - at;
}

function matchLength(pattern: RegExp, source: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0].length ?? 0;
}

function commentLength(source: string, from: number): number {
  let depth = 0;
  for (let at = from; at < source.length; at += 1) {
    if (source.startsWith("/*", at)) depth += 1;
    else if (source.startsWith("*/", at)) depth -= 1;
    else continue;
    at += 1;
    if (depth === 0) return at + 1 - from;
  }
  return 0;
}

/** `\set` and `\getenv`; the others only change what psql shows. */
function meta(line: string, variables: Map<string, string>): void {
  const [command, name = "", ...parts] = line.trim().split(/\s+/);
  if (command === "\\getenv") variables.set(name, variables.get(parts[0] ?? "") ?? "");
  if (command !== "\\set") return;
  const values = parts.map((part) => (part.startsWith(":") ? (variables.get(part.slice(1)) ?? "") : part.replaceAll("'", "")));
  variables.set(name, values.join(""));
}
