import type { Decision } from "../core/domain/decision.ts";
import type { MicroAction } from "../core/domain/micro-action.ts";
import type { Review } from "../core/domain/review.ts";
import { describeShell, type GatewayBuiltin, incomplete, type PreparedShell } from "../core/guard/shell/index.ts";
import type { Detector } from "../core/mask/stream.ts";
import { type EditorEffect, LineEditor } from "../core/terminal/editor.ts";
import { printable, promptOf } from "../core/terminal/prompt.ts";
import type { Authorized } from "./authorized.ts";
import { Completion } from "./completion.ts";
import { MaskedOutput } from "./masked-output.ts";
import type { ProgramEnd, RunningProgram } from "./ports.ts";
import { NO_LONGER_ALLOWED, type OpenShellSession } from "./sessions.ts";
import type { ShellSubmission } from "./shell-judge.ts";
import type { SavedPlace } from "./store-ports.ts";
import { takeUp } from "./take-up.ts";
import { type BuiltinEnd, TerminalPlace } from "./terminal-place.ts";
import { deniedText, explained, HELP, LACKING, RAW_BANNER, reviewText } from "./terminal-text.ts";

export interface TerminalEvents {
  output(bytes: Uint8Array): void;
  verdict(text: string, decision: Decision | null, microActions: readonly MicroAction[]): void;
  state(state: {
    readonly cwd: string;
    readonly running: boolean;
    readonly exitCode: number | null;
    readonly review: Review | null;
  }): void;
  block(block: TerminalBlock): void;
  /** The tab stands elsewhere, or has other variables. */
  moved(place: SavedPlace): void;
  /** A line that the person would look for again. */
  remember(line: string): void;
  ended(reason: string): void;
  failed(error: unknown): void;
}

/** One accepted line and what it came to. */
export interface TerminalBlock {
  /** Counts up from 1 in its session. */
  readonly number: number;
  readonly line: string;
  readonly outcome: Decision["outcome"] | "builtin";
  /** Milliseconds since the session's start. */
  readonly startedAt: number;
  /** Null: it is under way, or waits for a review. */
  readonly ended: { readonly exitCode: number | null; readonly durationMs: number } | null;
}

/** Where what is shown is written down. */
export interface TerminalRecording {
  output(bytes: Uint8Array): void;
  resized(columns: number, rows: number): void;
  command(line: string): void;
  exited(exitCode: number | null): void;
  /** Null: there is room. */
  room(): Promise<void> | null;
}

export interface TerminalOptions {
  readonly session: OpenShellSession;
  readonly detectors: readonly Detector[];
  /** Milliseconds; only differences count. */
  readonly now: () => number;
  readonly columns: number;
  readonly rows: number;
  /** The oldest first. */
  readonly history: readonly string[];
  readonly recording: TerminalRecording;
  /** Where the tab's session before stood, which was lost; null: it begins at home. */
  readonly from: SavedPlace | null;
  readonly events: TerminalEvents;
}

/** Output that the browser may have waiting unparsed before the program is made to wait. */
const AHEAD_BYTES = 1_000_000;
const VERDICT_DELAY_MS = 25;
/** After a pause of so long the host is asked where the line's paths lead. */
const PLACES_DELAY_MS = 200;
const SIGNAL_AFTER_MS = 500;
const KILL_AFTER_MS = 2_500;
const TYPE_AHEAD = 16_000;
/** Of names to choose from. */
const SHOWN_NAMES = 200;

type Phase =
  | { readonly phase: "editing" }
  /** A line is being judged, or waits for review. */
  | { readonly phase: "judging"; readonly abort: AbortController }
  | { readonly phase: "running"; readonly program: RunningProgram; readonly interactive: boolean; interrupted: boolean }
  | { readonly phase: "closed" };

/** One terminal tab: the gateway's prompt and line editor, and each accepted line in a channel of its own. */
export class Terminal {
  readonly #session: OpenShellSession;
  readonly #options: TerminalOptions;
  readonly #events: TerminalEvents;
  readonly #editor: LineEditor;
  readonly #place: TerminalPlace;
  readonly #completion: Completion;
  #columns: number;
  #rows: number;
  #exitCode: number | null = null;
  #phase: Phase = { phase: "editing" };
  #ahead = "";
  #unparsed = 0;
  #wake: (() => void)[] = [];
  /** Output that waits for a watcher. */
  #unshown: (() => void)[] = [];
  #last: { readonly text: string; readonly decision: Decision } | null = null;
  #verdictTimer: NodeJS.Timeout | null = null;
  #block: TerminalBlock | null = null;
  /** The place as it was told last. */
  #saved: string;
  readonly #began: number;
  readonly #decoder = new TextDecoder();
  readonly #encoder = new TextEncoder();

  constructor(options: TerminalOptions) {
    this.#options = options;
    this.#session = options.session;
    this.#events = options.events;
    this.#columns = options.columns;
    this.#rows = options.rows;
    this.#place = new TerminalPlace(options.session.connection);
    this.#saved = JSON.stringify(this.#place.saved);
    this.#completion = new Completion({
      place: this.#place,
      connection: options.session.connection,
      judge: options.session.judge,
      mask: { detectors: options.detectors, secrets: [] },
      now: options.now,
    });
    this.#began = options.now();
    this.#editor = new LineEditor(options.columns, { incomplete, history: options.history });
    options.session.onInterrupt((reason) => this.#stop(reason));
    options.session.show.resized(options.columns, options.rows);
    options.session.show.onChange(() => this.#resume());
    this.#write(`\x1b[2mEvery line is judged before it runs and is on the record. \`help\` says what else there is.\x1b[0m\r\n`);
    if (options.from === null) this.#prompt();
    else this.#takeUp(options.from);
  }

  input(bytes: Uint8Array): void {
    const text = this.#decoder.decode(bytes, { stream: true });
    const phase = this.#phase;
    switch (phase.phase) {
      case "editing":
        return this.#edit(text);
      case "judging":
        if (text.includes("\x03")) phase.abort.abort(new Error("withdrawn"));
        else this.#keep(text);
        return;
      case "running":
        return this.#typed(phase, bytes, text);
      case "closed":
        return;
    }
  }

  resize(columns: number, rows: number): void {
    this.#columns = columns;
    this.#rows = rows;
    this.#session.show.resized(columns, rows);
    this.#options.recording.resized(columns, rows);
    if (this.#phase.phase === "running") this.#phase.program.resize(columns, rows);
    const redrawn = this.#editor.resize(columns);
    if (this.#phase.phase === "editing") this.#write(redrawn);
  }

  /** The browser has parsed so many bytes more. */
  acknowledge(bytes: number): void {
    this.#unparsed = Math.max(0, this.#unparsed - bytes);
    if (this.#unparsed > AHEAD_BYTES) return;
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** Another browser begins with the last so many bytes of what was shown; what the one before had waiting is gone. */
  shownAgain(bytes: number): void {
    this.#unparsed = bytes;
    this.acknowledge(0);
  }

  close(): void {
    const phase = this.#phase;
    this.#phase = { phase: "closed" };
    if (this.#verdictTimer !== null) clearTimeout(this.#verdictTimer);
    if (phase.phase === "judging") phase.abort.abort(new Error("closed"));
    if (phase.phase === "running") phase.program.signal("HUP");
    for (const wake of [...this.#wake.splice(0), ...this.#unshown.splice(0)]) wake();
  }

  /** Line by line: what follows an accepted line in a flood of keys waits for the next prompt. */
  #edit(text: string): void {
    let rest = text;
    while (rest !== "") {
      if (this.#phase.phase !== "editing") return this.#keep(rest);
      const end = this.#editor.upToEnter(rest);
      for (const effect of this.#editor.feed(rest.slice(0, end))) this.#effect(effect);
      rest = rest.slice(end);
    }
  }

  #effect(effect: EditorEffect): void {
    switch (effect.effect) {
      case "output":
        return this.#write(effect.text);
      case "accept":
        return this.#accept(effect.line);
      case "interrupt":
        this.#exitCode = 130;
        return this.#prompt();
      case "end-of-file":
        return this.#exit();
      case "changed":
        return this.#judgeSoon(effect.line);
      case "complete":
        void this.#complete(effect.before).catch((error: unknown) => this.#events.failed(error));
        return;
    }
  }

  #accept(line: string): void {
    if (line.trim() === "") return this.#prompt();
    const abort = new AbortController();
    this.#phase = { phase: "judging", abort };
    if (!line.startsWith(" ")) this.#events.remember(line);
    this.#options.recording.command(line);
    this.#begin(line);
    this.#write(mark("C", this.#block));
    this.#submit(line, abort.signal).catch((error: unknown) => {
      this.#events.failed(error);
      const expected = error instanceof Error && "code" in error && error.code === "unavailable";
      this.#write(
        `\x1b[31m✕ ${expected ? printable(error.message) : "something went wrong in Gatehouse; the command was not run"}\x1b[0m\r\n`,
      );
      this.#prompt();
    });
  }

  async #submit(line: string, signal: AbortSignal): Promise<void> {
    const described = describeShell(line, this.#place.where);
    if (!("refusal" in described) && described.builtin !== null && (await this.#builtin(described.builtin, line, signal))) return;
    const submitted = await this.#judged(line, signal);
    if (submitted.allowed) await this.#run(submitted);
    else this.#prompt();
  }

  /** On the record; a denial and a review are shown. */
  async #judged(line: string, signal: AbortSignal): Promise<ShellSubmission> {
    const submitted = await this.#session.judge.submit(line, this.#place.where, {
      waitForReview: true,
      reason: "",
      signal,
      onLacking: (what) => this.#write(LACKING[what]),
      onReview: (review) => {
        this.#write(reviewText(review));
        this.#events.state({ cwd: this.#place.where.cwd, running: false, exitCode: this.#exitCode, review });
      },
    });
    this.#last = { text: line, decision: submitted.decision };
    this.#change({ outcome: submitted.decision.outcome });
    this.#events.verdict(line, submitted.decision, submitted.microActions);
    if (!submitted.allowed) {
      this.#exitCode = 126;
      this.#write(
        submitted.ended === "denied"
          ? deniedText(line, submitted.decision)
          : `\x1b[31m✕ ${printable(submitted.message)}\x1b[0m\r\n`,
      );
    } else if (submitted.decision.reasons.some((reason) => reason.outcome === "review"))
      this.#write("\x1b[32m✓ approved\x1b[0m\r\n");
    return submitted;
  }

  async #run(submitted: Extract<ShellSubmission, { allowed: true }>): Promise<void> {
    const command: Authorized<PreparedShell> = submitted.command;
    const began = this.#options.now();
    if (command.raw) this.#write(RAW_BANNER);
    const output = new MaskedOutput(this.#options.detectors, command.interactive, (bytes) => this.#show(bytes));
    let bytes = 0;
    let phase: Extract<Phase, { phase: "running" }> | null = null;
    let end: ProgramEnd;
    try {
      const program = await this.#session.connection.run(
        command,
        {
          cwd: this.#place.where.cwd,
          environment: this.#place.where.environment,
          columns: this.#columns,
          rows: this.#rows,
          interactive: command.interactive,
          pty: true,
        },
        {
          output: (chunk) => {
            bytes += chunk.length;
            // After Ctrl-C what was already under way is not worth waiting for.
            if (phase?.interrupted === true) return undefined;
            // INVARIANT (watched): nothing is shown while nobody watches; the program waits where it writes more.
            if (this.#session.judge.paused) {
              const held = chunk.slice();
              return this.#untilWatched().then(() => {
                if (phase?.interrupted !== true) output.push(held);
              });
            }
            output.push(chunk);
            return this.#unparsed > AHEAD_BYTES ? this.#room() : (this.#options.recording.room() ?? undefined);
          },
        },
      );
      if (this.#phase.phase === "closed") program.signal("HUP");
      else {
        phase = { phase: "running", program, interactive: command.interactive, interrupted: false };
        this.#phase = phase;
        this.#events.state({ cwd: this.#place.where.cwd, running: true, exitCode: this.#exitCode, review: null });
        this.#resume();
        // INVARIANT (P6): what changed while the program was being started has found nothing to stop.
        if (!this.#session.judge.mayGoOn()) this.#stop(NO_LONGER_ALLOWED);
      }
      end = await program.end;
    } catch (error) {
      end = { ended: "lost", message: error instanceof Error ? error.message : String(error) };
    }
    output.end();
    try {
      await submitted.executed({
        exitCode: end.ended === "exited" ? end.exitCode : null,
        durationMs: this.#options.now() - began,
        bytes,
      });
    } catch (error) {
      // INVARIANT (P3): what cannot go on the record does not go on.
      this.#events.failed(error);
      this.#write("\r\n\x1b[31m✕ the command ran, but its end could not be written to the record; the session ends\x1b[0m\r\n");
      this.close();
      this.#events.ended("the record cannot be written");
      return;
    }
    if (this.#phase.phase === "closed") return;
    if (end.ended === "exited") {
      this.#exitCode = end.exitCode;
      if (end.cwd !== undefined) this.#place.moved(end.cwd);
    } else {
      this.#exitCode = 255;
      this.#write(`\r\n\x1b[31m✕ ${printable(end.message)}\x1b[0m\r\n`);
    }
    this.#prompt();
  }

  /** Keys while a program runs: to it when policy allows, else kept for the next prompt; Ctrl-C always ends it. */
  #typed(phase: Extract<Phase, { phase: "running" }>, bytes: Uint8Array, text: string): void {
    if (phase.interactive && this.#session.judge.paused) {
      // INVARIANT (watched): no key goes to the program while nobody watches; Ctrl-C ends it, as always.
      if (text.includes("\x03")) return this.#interrupt(phase);
      return this.#keep(text);
    }
    if (phase.interactive) return phase.program.write(bytes);
    if (text.includes("\x03")) {
      this.#ahead = "";
      this.#write("^C");
      this.#interrupt(phase);
    } else if (text.includes("\x1c")) {
      this.#write("^\\");
      phase.program.write(new Uint8Array([0x1c]));
    } else if (text.includes("\x1a"))
      this.#write("\r\n\x1b[2mCtrl-Z is off: a stopped program would wait where nobody sees it\x1b[0m\r\n");
    else this.#keep(text);
  }

  /** Output and keys that waited for a watcher go on. */
  #resume(): void {
    if (!this.#session.judge.paused) for (const show of this.#unshown.splice(0)) show();
    const phase = this.#phase;
    if (phase.phase !== "running" || !phase.interactive || this.#session.judge.paused || this.#ahead === "") return;
    phase.program.write(this.#encoder.encode(this.#ahead));
    this.#ahead = "";
  }

  #stop(reason: string): void {
    if (this.#phase.phase !== "running") return;
    this.#write(`\r\n\x1b[31m✕ ${reason}\x1b[0m\r\n`);
    this.#interrupt(this.#phase);
  }

  #interrupt(phase: Extract<Phase, { phase: "running" }>): void {
    phase.interrupted = true;
    for (const wake of [...this.#wake.splice(0), ...this.#unshown.splice(0)]) wake();
    phase.program.write(new Uint8Array([0x03]));
    const still = (): boolean => this.#phase === phase;
    setTimeout(() => still() && phase.program.signal("INT"), SIGNAL_AFTER_MS).unref();
    setTimeout(() => still() && phase.program.signal("KILL"), KILL_AFTER_MS).unref();
  }

  /** Returns whether it was one that the gateway does itself; what would change the host is judged like any line. */
  async #builtin(builtin: GatewayBuiltin, line: string, signal: AbortSignal): Promise<boolean> {
    if (OWN_TEXTS.has(builtin.name)) this.#exitCode = 0;
    switch (builtin.name) {
      case "clear":
        this.#write("\x1b[H\x1b[2J\x1b[3J");
        break;
      case "exit":
      case "logout":
        this.#exit();
        return true;
      case "help":
        this.#write(HELP);
        break;
      case "history":
        this.#write(
          this.#editor.history
            .map((entry, i) => `${String(i + 1).padStart(5)}  ${printable(entry).replaceAll("\\u{a}", "↵ ")}\r\n`)
            .join(""),
        );
        break;
      case "why":
        this.#write(this.#last === null ? "nothing was decided yet\r\n" : explained(this.#last.text, this.#last.decision));
        break;
      case "can": {
        const asked = line.trimStart().slice("can".length).trim();
        if (asked === "") this.#write("usage: can COMMAND…\r\n");
        else this.#write(explained(asked, this.#session.judge.judge(asked, this.#place.where).decision));
        break;
      }
      case "cd":
        await this.#within(line, signal, () => this.#place.changeDirectory(builtin.arguments));
        break;
      case "pushd":
      case "popd":
        await this.#within(line, signal, () => this.#place.stacked(builtin));
        break;
      case "dirs":
        this.#write(this.#place.directories);
        break;
      case "export":
      case "unset":
        await this.#within(line, signal, () => this.#place.variables(builtin));
        break;
      default:
        return false;
    }
    if (this.#phase.phase !== "closed") this.#prompt();
    return true;
  }

  /** What the gateway does by itself goes on the record like any line. */
  async #within(line: string, signal: AbortSignal, act: () => BuiltinEnd | Promise<BuiltinEnd>): Promise<void> {
    const submitted = await this.#judged(line, signal);
    if (!submitted.allowed) return;
    const end = await act();
    this.#exitCode = end.exitCode;
    this.#write(end.text);
    await submitted.executed({ exitCode: this.#exitCode, durationMs: 0, bytes: 0 });
  }

  async #complete(before: string): Promise<void> {
    const { insert, names } = await this.#completion.of(before);
    // What was typed meanwhile is not what was asked about.
    if (this.#phase.phase !== "editing" || this.#editor.before !== before) return;
    if (insert !== "") {
      this.#write(this.#editor.insert(insert));
      return this.#judgeSoon(this.#editor.line);
    }
    if (names.length === 0) return;
    const more = names.length > SHOWN_NAMES ? `\r\n\x1b[2m… and ${names.length - SHOWN_NAMES} more\x1b[0m` : "";
    this.#write(`\r\n${names.slice(0, SHOWN_NAMES).map(printable).join("  ")}${more}\r\n${this.#editor.redraw()}`);
  }

  #judgeSoon(line: string): void {
    if (this.#verdictTimer !== null) clearTimeout(this.#verdictTimer);
    this.#verdictTimer = setTimeout(() => {
      if (this.#phase.phase !== "editing") return;
      if (line.trim() === "") return this.#events.verdict("", null, []);
      const { decision, microActions } = this.#session.judge.judge(line, this.#place.where);
      this.#events.verdict(line, decision, microActions);
      this.#verdictTimer = setTimeout(
        () => void this.#judgeInPlace(line).catch((error: unknown) => this.#events.failed(error)),
        PLACES_DELAY_MS,
      );
    }, VERDICT_DELAY_MS);
  }

  /** One question at a time: a host that is slow to list is not asked again for each key. */
  async #judgeInPlace(line: string): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      for (let asked: string | null = line; asked !== null; ) {
        const verdict = await this.#session.judge.judgeInPlace(asked, this.#place.where);
        if (this.#phase.phase !== "editing") return;
        const now = this.#editor.line;
        if (now === asked && verdict !== null) this.#events.verdict(now, verdict.decision, verdict.microActions);
        asked = now === asked || now.trim() === "" ? null : now;
      }
    } finally {
      this.#asking = false;
    }
  }

  #asking = false;

  /** Where the session before stood, judged anew: as if the person had typed it. */
  #takeUp(place: SavedPlace): void {
    const abort = new AbortController();
    this.#phase = { phase: "judging", abort };
    const { judge } = this.#session;
    takeUp(place, { place: this.#place, judge, signal: abort.signal, say: (text) => this.#write(text) })
      .catch((error: unknown) => this.#events.failed(error))
      .finally(() => {
        if (this.#phase.phase !== "closed") this.#prompt();
      });
  }

  #exit(): void {
    this.#write("\r\n");
    this.close();
    this.#events.ended("closed by the person");
  }

  #begin(line: string): void {
    const number = (this.#block?.number ?? 0) + 1;
    const startedAt = this.#options.now() - this.#began;
    this.#block = { number, line, outcome: "builtin", startedAt, ended: null };
    this.#events.block(this.#block);
  }

  #change(part: Partial<TerminalBlock>): void {
    if (this.#block === null || this.#block.ended !== null) return;
    this.#block = { ...this.#block, ...part };
    this.#events.block(this.#block);
  }

  #prompt(): void {
    const block = this.#block;
    if (block !== null && block.ended === null) {
      this.#write(mark("D", block));
      const exitCode = this.#exitCode;
      this.#options.recording.exited(exitCode);
      this.#change({ ended: { exitCode, durationMs: this.#options.now() - this.#began - block.startedAt } });
    }
    this.#phase = { phase: "editing" };
    const saved = this.#place.saved;
    if (!this.#isKnown(saved)) this.#events.moved(saved);
    this.#events.state({ cwd: this.#place.where.cwd, running: false, exitCode: this.#exitCode, review: null });
    const { connection, target } = this.#session;
    const prompt = promptOf({
      user: connection.user,
      target: target.id,
      environment: target.environment,
      cwd: this.#place.where.cwd,
      home: connection.home,
      exitCode: this.#exitCode,
    });
    this.#write(mark("A", null) + this.#editor.prompt(prompt.text, prompt.width));
    if (this.#ahead === "") return;
    const typed = this.#ahead;
    this.#ahead = "";
    this.#edit(typed);
  }

  #isKnown(place: SavedPlace): boolean {
    const text = JSON.stringify(place);
    const known = text === this.#saved;
    this.#saved = text;
    return known;
  }

  #keep(text: string): void {
    this.#ahead = (this.#ahead + text).slice(0, TYPE_AHEAD);
  }

  #write(text: string): void {
    if (text !== "") this.#show(this.#encoder.encode(text));
  }

  #show(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#unparsed += bytes.length;
    this.#session.show.output(bytes);
    this.#options.recording.output(bytes);
    this.#events.output(bytes);
  }

  #untilWatched(): Promise<void> {
    return new Promise((resolve) => {
      this.#unshown.push(resolve);
    });
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake.push(resolve);
    });
  }
}

/** Built-ins that only write something, which cannot fail. */
const OWN_TEXTS: ReadonlySet<string> = new Set(["clear", "dirs", "help", "history", "why", "can"]);

/** OSC 133: where a prompt, a block's output and its end are, for who shows it. Programs' own are taken out. */
function mark(what: "A" | "C" | "D", block: TerminalBlock | null): string {
  return `\x1b]133;${what}${block === null ? "" : `;${block.number}`}\x07`;
}
