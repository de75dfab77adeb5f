import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import type { RawParse } from "../../core/guard/sql/index.ts";

const LOAD_LIMIT_MS = 10_000;
/**
 * Characters of the tree as JSON: some eight times what an ordinary text has, some hundred times what a list of numbers
 * has. To read so much, and then to walk through it, keeps the gateway's thread busy for some milliseconds.
 */
const MAX_TREE = 1_000_000;
/** Objects in each other: a chain of 3,500 operators. */
const MAX_DEPTH = 7_000;

/** The grammar for all threads of a parser. */
export async function compileGrammar(): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await readFile(createRequire(import.meta.url).resolve("libpg-query/wasm/libpg-query.wasm")));
}

export type Answer =
  | { readonly ok: true; readonly raw: RawParse }
  | { readonly ok: false; readonly why: "slow" | "broken" | "large" | "deep" };

/** What the thread says. Neither: it is in doubt. */
interface FromThread {
  /** Absent: it is ready. */
  readonly id?: number;
  /** With the tree as JSON. */
  readonly raw?: RawParse;
  readonly why?: "large" | "deep";
}

/** One text at a time, each for at most so long. A thread that was anything but plain right or plain wrong is replaced. */
export class ParserLane {
  #thread: Promise<ParserThread> | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;
  readonly #start: () => Promise<ParserThread>;
  readonly #limitMs: number;

  /** `grammar` is asked for when the first text comes. */
  constructor(url: URL, grammar: () => Promise<WebAssembly.Module>, limitMs: number) {
    this.#start = async () => {
      const thread = new ParserThread(url, await grammar());
      await thread.ready;
      return thread;
    };
    this.#limitMs = limitMs;
  }

  ask(text: string, withTokens: boolean): Promise<Answer> {
    const answer = this.#queue.then(() => this.#askNow(text, withTokens));
    this.#queue = answer.catch(() => {});
    return answer;
  }

  async #askNow(text: string, withTokens: boolean): Promise<Answer> {
    if (this.#closed) throw new Error("the parser is closed");
    this.#thread ??= this.#start();
    const thread = await this.#thread.catch((cause) => {
      this.#thread = null;
      throw new Error("the parser's thread did not start", { cause });
    });
    const answer = await thread.ask(text, withTokens, this.#limitMs);
    if (answer.ok || answer.why === "large" || answer.why === "deep") return answer;
    void thread.end();
    // The next one starts while nobody waits for it.
    this.#thread = this.#start();
    this.#thread.catch(() => {});
    return answer;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#thread?.then((thread) => thread.end()).catch(() => {});
  }
}

/** A thread and the one text that it is busy with. */
class ParserThread {
  #answer: ((answer: Answer) => void) | null = null;
  #asked = 0;
  readonly #worker: Worker;
  readonly ready: Promise<void>;

  constructor(url: URL, grammar: WebAssembly.Module) {
    this.#worker = new Worker(url, {
      execArgv: [],
      env: {},
      workerData: { grammar, largestTree: MAX_TREE, deepestTree: MAX_DEPTH },
      resourceLimits: { maxOldGenerationSizeMb: 256, stackSizeMb: 4 },
    });
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
      this.#worker.on("message", (message: FromThread) => {
        if (message.id === undefined) {
          clearTimeout(timer);
          settle();
        } else if (message.id === this.#asked) this.#answer?.(answerOf(message));
      });
    });
  }

  ask(text: string, withTokens: boolean, limitMs: number): Promise<Answer> {
    this.#asked += 1;
    return new Promise((settle) => {
      const timer = setTimeout(() => settle({ ok: false, why: "slow" }), limitMs);
      this.#answer = (answer) => {
        clearTimeout(timer);
        settle(answer);
      };
      this.#worker.postMessage({ id: this.#asked, text, withTokens });
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

function answerOf({ raw, why }: FromThread): Answer {
  if (why !== undefined) return { ok: false, why };
  if (raw === undefined) return { ok: false, why: "broken" };
  return { ok: true, raw: raw.ok ? { ...raw, tree: JSON.parse(String(raw.tree)) } : raw };
}
