import type { WatchFrame, WireWatcher } from "../contract/watch.ts";
import type { ResultColumn } from "../core/domain/column.ts";
import type { Decision } from "../core/domain/decision.ts";
import type { Principal } from "../core/domain/principal.ts";
import type { Requester } from "./authorize.ts";
import type { Context } from "./ports-of-gateway.ts";
import type { LastStatement, ShownFrame } from "./store-ports.ts";

/** Frames are sent together after so long. */
const FLUSH_MS = 80;
/** Of a flood of output the end is shown. Bytes, for each flush and for who comes later. */
const MOST_OUTPUT = 256 * 1024;
const SCROLLBACK = 64 * 1024;
/** Of statements, for who comes later. */
const REMEMBERED = 40;
const MOST_ROWS = 200;
const MOST_TEXT = 20_000;
/** A watcher who loads the page again is back by then; what has to be watched stands still meanwhile, then it is ended. */
const ABANDONED_AFTER_MS = 3_000;
/** What the person is told, and the record. */
export const ABANDONED = "nobody watched any more";

/** Somebody who watches and may, by the policies that hold now. */
export interface Watcher {
  readonly id: string;
  readonly principal: Principal;
  readonly since: number;
}

export interface ShowState {
  readonly watchers: readonly WireWatcher[];
  /** A watcher must be present, and none is: statements wait, keys are held. */
  readonly paused: boolean;
  readonly comments: readonly { readonly by: string; readonly text: string; readonly at: number }[];
}

/**
 * What one session shows to those who watch it; kept by the replica that holds the session, and carried by the store.
 * INVARIANT: nothing is shown that its person was not shown, and rows only to who may see them so (./watched-rows.ts).
 */
export class Show {
  readonly #context: Context;
  readonly requester: Requester;
  readonly #listeners = new Set<() => void>();
  readonly #abandoned = new Set<() => void>();
  #leaving: NodeJS.Timeout | null = null;
  #watchers: readonly Watcher[] = [];
  #comments: ShowState["comments"] = [];
  #waiting: ShownFrame[] = [];
  #timer: NodeJS.Timeout | null = null;
  #output: Uint8Array[] = [];
  #outputBytes = 0;
  readonly #past: WatchFrame[] = [];
  #size: WatchFrame | null = null;
  #statement = 0;
  #needed = 0;
  #rows = 0;
  #closed = false;
  last: LastStatement | null = null;

  constructor(context: Context, requester: Requester) {
    this.#context = context;
    this.requester = requester;
  }

  get watchers(): readonly Watcher[] {
    return this.#watchers;
  }

  get isWatched(): boolean {
    return this.#watchers.length > 0;
  }

  get state(): ShowState {
    const watchers = this.#watchers.map(({ principal, since }) => ({ id: principal.id, name: principal.name, since }));
    return { watchers, paused: this.#needed > 0 && !this.isWatched, comments: this.#comments };
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Those who watch now and may. Who is new is shown what there was. */
  setWatchers(watchers: readonly Watcher[]): void {
    const before = new Set(this.#watchers.map(({ id }) => id));
    const fresh = watchers.filter(({ id }) => !before.has(id));
    const changed = fresh.length > 0 || watchers.length !== before.size;
    this.#watchers = watchers;
    if (fresh.length > 0) this.#remind(fresh.map(({ id }) => id));
    if (changed) this.#tell();
  }

  heard(comments: ShowState["comments"]): void {
    if (comments.length === 0) return;
    this.#comments = [...this.#comments, ...comments].slice(-REMEMBERED);
    this.#tell();
  }

  /** Counts as needing a watcher until the returned function is called. */
  needsWatcher(): () => void {
    this.#needed += 1;
    this.#tell();
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.#needed -= 1;
      this.#tell();
    };
  }

  /** Called when somebody had to watch and nobody has for a while: what runs under `needsWatcher` has to end. */
  onAbandoned(listener: () => void): () => void {
    this.#abandoned.add(listener);
    return () => this.#abandoned.delete(listener);
  }

  /** `show`s it when somebody watches; not at all when that is over. */
  async whileWatched(signal: AbortSignal, show: () => undefined | Promise<void>): Promise<void> {
    if (await this.untilWatched(signal)) await show();
  }

  /** True when somebody watches; false: given up by the signal, or the session is over. */
  async untilWatched(signal: AbortSignal): Promise<boolean> {
    const release = this.needsWatcher();
    const watched = await new Promise<boolean>((resolve) => {
      const look = (): void => {
        const over = signal.aborted || this.#closed;
        if (!over && !this.isWatched) return;
        stop();
        signal.removeEventListener("abort", look);
        resolve(!over);
      };
      const stop = this.onChange(look);
      signal.addEventListener("abort", look, { once: true });
      look();
    });
    release();
    return watched;
  }

  output(bytes: Uint8Array): void {
    this.#output.push(bytes.slice());
    this.#outputBytes += bytes.length;
    while (this.#output.length > 1 && this.#outputBytes > SCROLLBACK) this.#outputBytes -= this.#output.shift()?.length ?? 0;
    if (this.isWatched) this.#say({ type: "output", bytes: base64(bytes) });
  }

  resized(columns: number, rows: number): void {
    this.#size = { type: "size", columns, rows };
    if (this.isWatched) this.#say(this.#size);
  }

  /** A statement was decided on; gives its number. */
  decided(text: string, decision: Decision): number {
    const { outcome, reasons, obligations } = decision;
    const at = this.#context.clock.now();
    const shown = text.length <= MOST_TEXT ? text : `${text.slice(0, MOST_TEXT)}…`;
    this.#statement += 1;
    this.#rows = 0;
    this.last = { text: shown.slice(0, 500), outcome, at };
    this.#remember({
      type: "decided",
      statement: this.#statement,
      text: shown,
      outcome,
      message: outcome === "allow" ? "" : (reasons.find((reason) => reason.outcome === outcome)?.message ?? ""),
      masked: obligations.flatMap((obligation) => (obligation.type === "mask" ? [obligation.column] : [])),
      at,
    });
    return this.#statement;
  }

  columns(statement: number, columns: readonly ResultColumn[], seers: readonly string[]): void {
    if (!this.isWatched) return;
    const others = this.#watchers.filter(({ id }) => !seers.includes(id)).map(({ id }) => id);
    if (others.length > 0)
      this.#say({ type: "omitted", statement, because: "you may not see these rows as they are shown here" }, others);
    if (seers.length > 0) this.#say({ type: "columns", statement, columns: columns.map((column) => ({ ...column })) }, seers);
  }

  /** `read` gives the rows as text; only where somebody may see them. */
  rows(statement: number, count: number, read: () => readonly (readonly (string | null)[])[], seers: readonly string[]): void {
    if (seers.length === 0 || this.#rows > MOST_ROWS) return;
    const rows = read()
      .slice(0, MOST_ROWS - this.#rows)
      .map((row) => [...row]);
    this.#rows += rows.length;
    if (rows.length > 0) this.#say({ type: "rows", statement, rows }, seers);
    if (rows.length < count) {
      this.#rows = MOST_ROWS + 1;
      this.#say({ type: "omitted", statement, because: `only the first ${MOST_ROWS} rows are shown here` }, seers);
    }
  }

  ended(statement: number, ended: string, rowCount: number | null, error: string | null): void {
    this.#remember({ type: "ended", statement, ended, rowCount, error });
  }

  close(): void {
    this.#closed = true;
    this.#tell();
    this.#abandoned.clear();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    void this.#flush();
    this.#listeners.clear();
  }

  #remember(frame: WatchFrame): void {
    this.#past.push(frame);
    if (this.#past.length > REMEMBERED) this.#past.shift();
    if (this.isWatched) this.#say(frame);
  }

  #remind(watches: readonly string[]): void {
    if (this.#size !== null) this.#say(this.#size, watches);
    if (this.#output.length > 0) this.#say({ type: "output", bytes: Buffer.concat(this.#output).toString("base64") }, watches);
    for (const frame of this.#past) this.#say(frame, watches);
    for (const comment of this.#comments) this.#say({ type: "comment", ...comment }, watches);
  }

  #say(frame: WatchFrame, only: readonly string[] | null = null): void {
    // Watchers are named: who comes while it is under way is not shown what was not judged for them.
    this.#waiting.push({ frame, only: only ?? this.#watchers.map(({ id }) => id) });
    this.#timer ??= setTimeout(() => void this.#flush(), FLUSH_MS);
  }

  async #flush(): Promise<void> {
    this.#timer = null;
    const frames = shortened(this.#waiting.splice(0));
    if (frames.length === 0) return;
    try {
      await this.#context.watches.say(this.requester.session, frames);
    } catch (error) {
      this.#context.log(`a watched session could not be shown: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #tell(): void {
    this.#look();
    for (const listener of [...this.#listeners]) listener();
  }

  #look(): void {
    const paused = this.#needed > 0 && !this.isWatched && !this.#closed;
    if (paused)
      this.#leaving ??= setTimeout(() => {
        for (const listener of [...this.#abandoned]) listener();
      }, ABANDONED_AFTER_MS);
    else if (this.#leaving !== null) {
      clearTimeout(this.#leaving);
      this.#leaving = null;
    }
  }
}

/** Of much output the end: who watches reads what is there now. */
function shortened(frames: readonly ShownFrame[]): readonly ShownFrame[] {
  let left = MOST_OUTPUT;
  return frames
    .toReversed()
    .filter(({ frame }) => {
      if (frame.type !== "output") return true;
      left -= frame.bytes.length;
      return left > 0;
    })
    .toReversed();
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
