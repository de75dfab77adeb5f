import { Worker } from "node:worker_threads";
import { type ParsedSql, parsedSql, type RawParse } from "../../core/guard/sql/index.ts";
import type { SqlParser } from "../../gateway/ports.ts";

/**
 * The parser in a thread of its own: hostile text can make it slow (nested comments are quadratic) or break its stack
 * (28 deep expressions and the instance is dead). So text is capped, time is capped, and a thread that was anything
 * but plain right or plain wrong is replaced. Parses one text at a time; the last ones are remembered.
 */

const MAX_SQL_BYTES = 256 * 1_024;
const LIMIT_MS = 500;
/** A text this short cannot keep the parser busy; when it seems to, the machine is, and an honest statement waits. */
const SHORT_CHARACTERS = 4_000;
const SHORT_LIMIT_MS = 3_000;
const LOAD_LIMIT_MS = 10_000;
const REMEMBERED_TEXTS = 300;
/** Larger parses are not worth their memory. */
const REMEMBERED_LENGTH = 20_000;

interface SqlParserOptions {
  /** Where `parser-worker.mjs` is. Absent: beside this module. */
  readonly workerUrl?: URL;
}

type Answer = { readonly ok: true; readonly raw: RawParse } | { readonly ok: false; readonly why: "slow" | "broken" };

export function createSqlParser(options: SqlParserOptions = {}): SqlParser {
  const url = options.workerUrl ?? new URL("./parser-worker.mjs", import.meta.url);
  const remembered = new Map<string, ParsedSql>();
  let thread: ParserThread | null = null;
  let queue: Promise<unknown> = Promise.resolve();
  let closed = false;

  const parseNow = async (text: string): Promise<ParsedSql> => {
    if (closed) throw new Error("the parser is closed");
    const own = thread ?? new ParserThread(url);
    thread = own;
    try {
      await own.ready;
    } catch (cause) {
      thread = null;
      throw new Error("the parser's thread did not start", { cause });
    }
    const answer = await own.ask(text);
    if (answer.ok) return parsedSql(text, answer.raw);
    thread = null;
    void own.end();
    const message =
      answer.why === "slow" ? `the statement takes longer than ${LIMIT_MS} ms to read` : "the statement is too deeply nested";
    return { ok: false, refusal: { message, span: [0, text.length], hint: "write it shorter" } };
  };

  return {
    parse: (text) => {
      const early = refusedUnread(text);
      if (early !== null) return Promise.resolve(early);
      const known = remembered.get(text);
      if (known !== undefined) return Promise.resolve(known);
      const result = queue.then(() => remembered.get(text) ?? parseNow(text));
      queue = result.catch(() => {});
      return result.then((parsed) => {
        if (text.length <= REMEMBERED_LENGTH) remembered.set(text, parsed);
        const [oldest] = remembered.keys();
        if (remembered.size > REMEMBERED_TEXTS && oldest !== undefined) remembered.delete(oldest);
        return parsed;
      });
    },
    close: async () => {
      closed = true;
      await thread?.end();
    },
  };
}

function refusedUnread(text: string): ParsedSql | null {
  const refuse = (message: string, at: number): ParsedSql => ({
    ok: false,
    refusal: { message, span: [at, Math.min(at + 1, text.length)] },
  });
  const nul = text.indexOf("\0");
  // The parser stops reading at NUL: what follows would be sent unread.
  if (nul >= 0) return refuse("a statement cannot hold a NUL character", nul);
  const lone = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.exec(text);
  if (lone !== null) return refuse("the statement holds half of a character", lone.index);
  if (Buffer.byteLength(text) > MAX_SQL_BYTES) {
    return { ok: false, refusal: { message: "a statement is at most 256 kB long", span: [0, text.length] } };
  }
  return text.trim() === "" ? { ok: true, statements: [] } : null;
}

/** A thread and the one text that it is busy with. */
class ParserThread {
  #answer: ((answer: Answer) => void) | null = null;
  #asked = 0;
  readonly #worker: Worker;
  readonly ready: Promise<void>;

  constructor(url: URL) {
    this.#worker = new Worker(url, { execArgv: [], env: {}, resourceLimits: { maxOldGenerationSizeMb: 256, stackSizeMb: 4 } });
    this.#worker.unref();
    this.ready = new Promise((settle, fail) => {
      const timer = setTimeout(() => fail(new Error("no answer")), LOAD_LIMIT_MS);
      const gone = (error: unknown) => {
        clearTimeout(timer);
        fail(error);
        this.#answer?.({ ok: false, why: "broken" });
      };
      this.#worker.on("error", gone);
      this.#worker.on("exit", () => gone(new Error("the thread ended")));
      this.#worker.on("message", (message: { readonly id?: number; readonly raw?: RawParse }) => {
        if (message.id === undefined) {
          clearTimeout(timer);
          settle();
        } else if (message.id === this.#asked) {
          this.#answer?.(message.raw === undefined ? { ok: false, why: "broken" } : { ok: true, raw: message.raw });
        }
      });
    });
  }

  ask(text: string): Promise<Answer> {
    this.#asked += 1;
    return new Promise((settle) => {
      const timer = setTimeout(
        () => settle({ ok: false, why: "slow" }),
        text.length <= SHORT_CHARACTERS ? SHORT_LIMIT_MS : LIMIT_MS,
      );
      this.#answer = (answer) => {
        clearTimeout(timer);
        settle(answer);
      };
      this.#worker.postMessage({ id: this.#asked, text });
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
