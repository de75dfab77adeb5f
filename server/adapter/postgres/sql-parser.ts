import { type ParsedSql, parsedSql, parsedTrees, type RawParse } from "../../core/guard/sql/index.ts";
import type { SqlParser } from "../../gateway/ports.ts";
import { compileGrammar, ParserLane } from "./parser-lane.ts";

/**
 * PostgreSQL's grammar, in threads of its own: hostile text can make it slow (nested comments are quadratic) or break its
 * stack (28 deep expressions and the instance is dead). So text is capped, time is capped, and what a text is made of is
 * capped too, since all that follows walks through it in the gateway's own thread. Long texts wait for each other, not
 * short ones for them. The last texts are remembered.
 */

const MAX_SQL_BYTES = 256 * 1_024;
/** Masks make a text longer. */
const MAX_REWRITTEN_BYTES = 4 * MAX_SQL_BYTES;
/** A text this short cannot keep the parser busy; when it seems to, the machine is, and an honest statement waits. */
const SHORT_CHARACTERS = 4_000;
const SHORT_LIMIT_MS = 3_000;
const LONG_LIMIT_MS = 500;
const REMEMBERED_TEXTS = 300;
/** Larger parses are not worth their memory. */
const REMEMBERED_LENGTH = 20_000;

interface SqlParserOptions {
  /** Where `parser-worker.mjs` is. Absent: beside this module. */
  readonly workerUrl?: URL;
}

type Refused = Extract<ParsedSql, { ok: false }>;

export function createSqlParser(options: SqlParserOptions = {}): SqlParser {
  const url = options.workerUrl ?? new URL("./parser-worker.mjs", import.meta.url);
  const remembered = new Map<string, Promise<ParsedSql>>();
  let compiled: Promise<WebAssembly.Module> | null = null;
  const grammar = () => {
    compiled ??= compileGrammar();
    return compiled;
  };
  const short = new ParserLane(url, grammar, SHORT_LIMIT_MS);
  const long = new ParserLane(url, grammar, LONG_LIMIT_MS);

  const read = async <T>(text: string, withTokens: boolean, make: (raw: RawParse) => T): Promise<T | Refused> => {
    const lane = text.length <= SHORT_CHARACTERS ? short : long;
    const answer = await lane.ask(text, withTokens);
    if (answer.ok) return make(answer.raw);
    return { ok: false, refusal: { message: TOO_MUCH[answer.why], span: [0, text.length], hint: "write it shorter" } };
  };

  const remember = (text: string, parsed: Promise<ParsedSql>): void => {
    remembered.set(text, parsed);
    // A machine that was busy is not the text's fault.
    const forget = () => remembered.delete(text);
    parsed.then((result) => (result.ok || result.refusal.message !== TOO_MUCH.slow ? undefined : forget()), forget);
    const [oldest] = remembered.keys();
    if (remembered.size > REMEMBERED_TEXTS && oldest !== undefined) remembered.delete(oldest);
  };

  return {
    parse: (text) => {
      const known = remembered.get(text);
      if (known !== undefined) return known;
      const early = refusedUnread(text, MAX_SQL_BYTES);
      if (early !== null) return Promise.resolve(early);
      const result = read(text, true, (raw) => parsedSql(text, raw));
      if (text.length <= REMEMBERED_LENGTH) remember(text, result);
      return result;
    },
    trees: async (text) => refusedUnread(text, MAX_REWRITTEN_BYTES) ?? (await read(text, false, (raw) => parsedTrees(text, raw))),
    close: async () => {
      await Promise.all([short.close(), long.close()]);
    },
  };
}

const TOO_MUCH = {
  slow: `the statement takes longer than ${LONG_LIMIT_MS} ms to read`,
  broken: "the statement is too deeply nested",
  deep: "the statement is too deeply nested",
  large: "the statement has too many parts",
} as const;

function refusedUnread(text: string, most: number): ParsedSql | null {
  if (text.length > most || Buffer.byteLength(text) > most) {
    return { ok: false, refusal: { message: `a statement is at most ${most / 1_024} kB long`, span: [0, text.length] } };
  }
  const refuse = (message: string, at: number): ParsedSql => ({
    ok: false,
    refusal: { message, span: [at, Math.min(at + 1, text.length)] },
  });
  const nul = text.indexOf("\0");
  // The parser stops reading at NUL: what follows would be sent unread.
  if (nul >= 0) return refuse("a statement cannot hold a NUL character", nul);
  const lone = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.exec(text);
  if (lone !== null) return refuse("the statement holds half of a character", lone.index);
  return text.trim() === "" ? { ok: true, statements: [] } : null;
}
