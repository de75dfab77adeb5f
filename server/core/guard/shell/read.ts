import { forEachChild, type ParsedScript, parse, type SyntaxNode } from "unbash";
import type { Refusal } from "../../domain/refusal.ts";

/**
 * The strict door before the parser, which is tolerant: it mends what is broken and lists errors. Here every error, in
 * the text or in a script nested in it, is a refusal with its place. Also refused: what is too long or too deep to be
 * judged, and control characters, which terminals and shells read in ways of their own.
 */

/** UTF-8 bytes. Longer text is refused, never cut. */
export const MAX_BYTES = 16_384;
const MAX_DEPTH = 60;
const MAX_NODES = 6_000;
/** Characters that begin, end or join something: what a parse costs. Counted before the parser sees the text. */
const MAX_SIGNS = 3_000;

export type Read = { readonly script: ParsedScript } | { readonly refusal: Refusal };

export function read(text: string): Read {
  const refusal = checkText(text) ?? checkNesting(text);
  if (refusal !== null) return { refusal };
  let script: ParsedScript;
  try {
    script = parse(text);
  } catch (error) {
    return refuse(`cannot be parsed: ${error instanceof Error ? error.message : String(error)}`, 0, text.length);
  }
  const failure = checkTree(script, text);
  return failure === null ? { script } : { refusal: failure };
}

/** Whether more text could complete it: an open quote, here-document, substitution, or a line that ends in a backslash. */
export function incomplete(text: string): boolean {
  if (checkText(text) !== null || checkNesting(text) !== null) return false;
  if (endsInBackslash(text)) return true;
  let found = false;
  try {
    const script = parse(text);
    const look = (node: SyntaxNode): void => {
      if (node.type === "Script")
        found ||= (node.errors ?? []).some(
          (error) =>
            /unterminated|unexpected end|expected/i.test(error.message) && !/unexpected (token|'|`)/i.test(error.message),
        );
      if (node.type === "HereDoc" && node.closing === undefined) found = true;
      forEachChild(node, look);
    };
    look(script);
    found ||= /(\|\||&&|\|)\s*$/.test(text);
  } catch {
    return false;
  }
  return found;
}

function endsInBackslash(text: string): boolean {
  let count = 0;
  for (let i = text.length - 1; i >= 0 && text[i] === "\\"; i--) count++;
  return count % 2 === 1;
}

function checkText(text: string): Refusal | null {
  if (utf8Length(text) > MAX_BYTES) {
    return { message: `longer than ${MAX_BYTES} bytes`, span: [0, text.length], hint: "split it, or put the data in a file" };
  }
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if ((code < 0x20 && code !== 0x09 && code !== 0x0a) || (code >= 0x7f && code < 0xa0)) {
      return { message: `holds the control character ${codePoint(code)}`, span: [i, i + 1] };
    }
    if (code >= 0xd800 && code < 0xe000) {
      const low = text.charCodeAt(i + 1);
      if (code >= 0xdc00 || !(low >= 0xdc00 && low < 0xe000)) return { message: "holds half a character", span: [i, i + 1] };
      i++;
    }
  }
  // bash takes continuations out before it reads tokens; the parser after.
  const continued = /[$&|<>;(){}!]\\\n/.exec(text);
  if (continued !== null) {
    return { message: "a line is continued inside an operator or an expansion", span: [continued.index, continued.index + 3] };
  }
  return null;
}

/** Counted before the parser sees the text: a parser's recursion is no place to find out. Quotes are not looked at. */
function checkNesting(text: string): Refusal | null {
  let depth = 0;
  let signs = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c !== undefined && SIGNS.has(c) && ++signs > MAX_SIGNS)
      return { message: "has too many parts", span: [0, text.length], hint: "split it, or put it in a file" };
    if (c === "\\") i++;
    else if (c === "(" || c === "{") depth++;
    else if ((c === ")" || c === "}") && depth > 0) depth--;
    if (depth > MAX_DEPTH) return { message: `nested more than ${MAX_DEPTH} deep`, span: [i, i + 1] };
  }
  return null;
}

const SIGNS: ReadonlySet<string> = new Set("\n;|&<>(){}[]$`'\"*?~=!#\\+%^,");

function checkTree(script: ParsedScript, text: string): Refusal | null {
  let failure: Refusal | null = null;
  let nodes = 0;
  const look = (node: SyntaxNode): void => {
    if (failure !== null) return;
    if (++nodes > MAX_NODES) {
      failure = { message: "has too many parts", span: [0, text.length] };
    } else if (node.type === "Script" && node.errors !== undefined && node.errors.length > 0) {
      const error = node.errors[0];
      const at = Math.min(error?.pos ?? 0, text.length);
      failure = { message: `does not parse: ${error?.message ?? "unknown error"}`, span: [at, Math.min(at + 1, text.length)] };
    } else if (node.type === "HereDoc" && node.closing === undefined) {
      failure = { message: "here-document is not closed", span: [node.pos, node.end] };
    } else forEachChild(node, look);
  };
  try {
    look(script);
  } catch (error) {
    return { message: `cannot be parsed: ${error instanceof Error ? error.message : String(error)}`, span: [0, text.length] };
  }
  return failure;
}

function refuse(message: string, from: number, to: number): Read {
  return { refusal: { message, span: [from, to] } };
}

export function codePoint(code: number): string {
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code >= 0xd800 && code < 0xdc00 ? 4 : code >= 0xdc00 && code < 0xe000 ? 0 : 3;
  }
  return bytes;
}
