import type { Decision } from "../core/domain/decision.ts";
import { describeShell, incomplete } from "../core/guard/shell/index.ts";
import { type EditorEffect, LineEditor } from "../core/terminal/editor.ts";
import { printable, promptOf } from "../core/terminal/prompt.ts";
import { Completion } from "./completion.ts";
import { type Instead, insteadOf } from "./instead.ts";
import { LiveVerdict } from "./live-verdict.ts";
import type { ProgramEnd } from "./ports.ts";
import { NO_LONGER_ALLOWED, type OpenShellSession } from "./sessions.ts";
import type { AllowedShell, ShellSubmission } from "./shell-judge.ts";
import type { SavedPlace } from "./store-ports.ts";
import { takeUp } from "./take-up.ts";
import { PROMPT_MARK, TerminalBlocks } from "./terminal-blocks.ts";
import { runBuiltin } from "./terminal-builtins.ts";
import type { TerminalEvents, TerminalOptions, WaitingLine } from "./terminal-options.ts";
import { TerminalPlace } from "./terminal-place.ts";
import { TerminalProgram } from "./terminal-program.ts";
import { TerminalScreen } from "./terminal-screen.ts";
import { deniedText, GOES_ON, insteadText, LACKING, NO_BASH, RAW_BANNER, reviewText, stillWaits } from "./terminal-text.ts";
import { TypeAhead } from "./type-ahead.ts";

/** Of names to choose from. */
const SHOWN_NAMES = 200;

/** Of the browser: a paste is one key, so that its lines are judged together. Programs say for themselves what they take. */
const PASTES_IN_BRACKETS = "\x1b[?2004h";
const PASTES_AS_TYPED = "\x1b[?2004l";

type Phase =
  | { readonly phase: "editing" }
  /** A line is being judged, or waits for review. */
  | { readonly phase: "judging"; readonly abort: AbortController }
  | { readonly phase: "running"; readonly program: TerminalProgram }
  | { readonly phase: "closed" };

/** One terminal tab: the gateway's prompt and line editor, and each accepted line in a channel of its own. */
export class Terminal {
  readonly #session: OpenShellSession;
  readonly #options: TerminalOptions;
  readonly #events: TerminalEvents;
  readonly #editor: LineEditor;
  readonly #place: TerminalPlace;
  readonly #completion: Completion;
  readonly #screen: TerminalScreen;
  readonly #blocks: TerminalBlocks;
  readonly #verdict: LiveVerdict;
  readonly #ahead = new TypeAhead();
  #waiting: WaitingLine | null;
  #columns: number;
  #rows: number;
  #exitCode: number | null = null;
  #phase: Phase = { phase: "editing" };
  #last: { readonly text: string; readonly decision: Decision } | null = null;
  /** The place as it was told last. */
  #saved: string;
  readonly #decoder = new TextDecoder();

  constructor(options: TerminalOptions) {
    const { session, events, recording, now } = options;
    this.#options = options;
    this.#session = session;
    this.#events = events;
    this.#columns = options.columns;
    this.#rows = options.rows;
    this.#waiting = options.waiting;
    this.#screen = new TerminalScreen({ show: session.show, recording, output: (bytes) => events.output(bytes) });
    this.#blocks = new TerminalBlocks({ screen: this.#screen, recording, now, changed: (block) => events.block(block) });
    this.#place = new TerminalPlace(session.connection);
    this.#saved = JSON.stringify(this.#place.saved);
    this.#completion = new Completion({
      place: this.#place,
      connection: session.connection,
      judge: session.judge,
      mask: { detectors: options.detectors, secrets: [] },
      now,
    });
    this.#verdict = new LiveVerdict({
      judge: session.judge,
      where: () => this.#place.where,
      line: () => (this.#phase.phase === "editing" ? this.#editor.line : null),
      events,
    });
    this.#editor = new LineEditor(options.columns, { incomplete, history: options.history });
    session.onInterrupt((reason) => this.#stop(reason));
    session.show.resized(options.columns, options.rows);
    session.show.onChange(() => this.#resume());
    this.#screen.write(options.before);
    this.#screen.write(
      "\x1b[90mEvery line is judged before it runs and is on the record. `help` says what else there is.\x1b[0m\r\n",
    );
    if (session.connection.language === "sh") this.#screen.write(NO_BASH);
    // Kept from the beginning on: what is lost next is this session.
    this.#events.moved(options.from ?? this.#place.saved);
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
        else this.#ahead.keep(text);
        return;
      case "running":
        return phase.program.typed(bytes, text);
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
    if (this.#phase.phase === "editing") this.#screen.write(redrawn);
  }

  /** The browser has parsed so many bytes more. */
  acknowledge(bytes: number): void {
    this.#screen.acknowledge(bytes);
  }

  /** Another browser begins with the last so many bytes of what was shown; what the one before had waiting is gone. */
  shownAgain(bytes: number): void {
    this.#screen.shownAgain(bytes);
  }

  close(): void {
    const phase = this.#phase;
    this.#phase = { phase: "closed" };
    this.#verdict.stop();
    if (phase.phase === "judging") phase.abort.abort(new Error("closed"));
    if (phase.phase === "running") phase.program.hangUp();
    this.#screen.release();
  }

  /** Line by line: what follows an accepted line in a flood of keys waits for the next prompt. */
  #edit(text: string): void {
    let rest = text;
    while (rest !== "") {
      if (this.#phase.phase !== "editing") return this.#ahead.keep(rest);
      const end = this.#editor.upToEnter(rest);
      for (const effect of this.#editor.feed(rest.slice(0, end))) this.#effect(effect);
      rest = rest.slice(end);
    }
  }

  #effect(effect: EditorEffect): void {
    switch (effect.effect) {
      case "output":
        return this.#screen.write(effect.text);
      case "accept":
        return this.#accept(effect.line);
      case "interrupt":
        this.#exitCode = 130;
        return this.#prompt();
      case "end-of-file":
        return this.#exit();
      case "changed":
        return this.#verdict.soon(effect.line);
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
    this.#blocks.begin(line, this.#place.where);
    this.#submit(line, abort.signal).catch((error: unknown) => {
      this.#events.failed(error);
      const expected = error instanceof Error && "code" in error && error.code === "unavailable";
      this.#refuse(expected ? error.message : "something went wrong in Gatehouse; the command was not run");
      this.#prompt();
    });
  }

  async #submit(line: string, signal: AbortSignal): Promise<void> {
    const described = describeShell(line, this.#place.where);
    if (!("refusal" in described) && described.builtin !== null) {
      const terminal = {
        place: this.#place,
        judge: this.#session.judge,
        history: this.#editor.history,
        last: this.#last,
        write: (text: string) => this.#screen.write(text),
        edit: (path: string) => this.#events.edit(path),
        judged: () => this.#judged(line, signal),
      };
      const done = await runBuiltin({ builtin: described.builtin, line }, terminal);
      if (done === "exit") return this.#exit();
      if (done !== "a program") {
        if (done !== "not allowed") this.#exitCode = done.exitCode;
        if (!this.#isClosed()) this.#prompt();
        return;
      }
    }
    const submitted = await this.#judged(line, signal);
    if (submitted.allowed) await this.#run(submitted);
    else this.#prompt();
  }

  /** On the record; a denial and a review are shown. */
  async #judged(line: string, signal: AbortSignal): Promise<ShellSubmission> {
    const waiting = this.#waiting;
    this.#waiting = null;
    const submitted = await this.#session.judge.submit(line, this.#place.where, {
      waitForReview: true,
      reason: "",
      signal,
      ...(waiting?.line === line ? { goesOnWith: waiting.review } : {}),
      onLacking: (what) => this.#screen.write(LACKING[what]),
      onReview: (review) => {
        // What was told last may be of a part of the line.
        const instead = this.#instead(line, review.decision);
        this.#screen.write(reviewText(review, instead));
        this.#events.verdict(line, review.decision, review.microActions, instead);
        this.#events.state({ cwd: this.#place.where.cwd, running: false, exitCode: this.#exitCode, review });
      },
    });
    this.#last = { text: line, decision: submitted.decision };
    this.#blocks.decided(submitted.decision.outcome);
    const sql = submitted.allowed ? undefined : submitted.sql;
    const instead = sql === undefined ? this.#instead(line, submitted.decision) : ({ do: "sql", ...sql } as const);
    this.#events.verdict(line, submitted.decision, submitted.microActions, submitted.allowed ? null : instead);
    if (!submitted.allowed) {
      this.#exitCode = 126;
      if (submitted.ended === "denied") this.#screen.write(deniedText(line, submitted.decision) + insteadText(instead));
      else this.#refuse(submitted.message);
    } else if (submitted.decision.reasons.some((reason) => reason.outcome === "review"))
      this.#screen.write("\x1b[32m✓ approved\x1b[0m\r\n");
    return submitted;
  }

  #instead(line: string, decision: Decision): Instead | null {
    return insteadOf(this.#session.judge, { line, decision, where: this.#place.where });
  }

  async #run(allowed: AllowedShell): Promise<void> {
    const { command, executed } = allowed;
    const began = this.#options.now();
    if (command.interactive) this.#screen.write(PASTES_AS_TYPED);
    if (command.raw) this.#screen.write(RAW_BANNER);
    const program = new TerminalProgram({
      session: this.#session,
      allowed,
      detectors: this.#options.detectors,
      where: this.#place.where,
      columns: this.#columns,
      rows: this.#rows,
      screen: this.#screen,
      ahead: this.#ahead,
    });
    const { end, bytes } = await program.run(() => this.#started(program));
    const exitCode = end.ended === "exited" ? end.exitCode : null;
    try {
      await executed({ exitCode, durationMs: this.#options.now() - began, bytes });
    } catch (error) {
      // INVARIANT (P3): what cannot go on the record does not go on.
      this.#events.failed(error);
      this.#screen.write("\r\n");
      this.#refuse("the command ran, but its end could not be written to the record; the session ends");
      this.close();
      this.#events.ended("the record cannot be written");
      return;
    }
    if (!this.#isClosed()) this.#afterwards(end);
  }

  /** Whether it is still wanted. */
  #started(program: TerminalProgram): boolean {
    if (this.#isClosed()) return false;
    this.#phase = { phase: "running", program };
    this.#events.state({ cwd: this.#place.where.cwd, running: true, exitCode: this.#exitCode, review: null });
    this.#resume();
    // INVARIANT (P6): what changed while the program was being started has found nothing to stop.
    if (!this.#session.judge.mayGoOn()) this.#stop(NO_LONGER_ALLOWED);
    return true;
  }

  #afterwards(end: ProgramEnd): void {
    if (end.ended === "exited") {
      this.#exitCode = end.exitCode;
      if (end.cwd !== undefined) this.#place.moved(end.cwd);
    } else {
      this.#exitCode = 255;
      this.#screen.write("\r\n");
      this.#refuse(end.message);
    }
    this.#prompt();
  }

  #resume(): void {
    if (this.#phase.phase === "running") this.#phase.program.resume();
  }

  #stop(reason: string): void {
    if (this.#phase.phase === "running") this.#phase.program.stop(reason);
  }

  async #complete(before: string): Promise<void> {
    const { insert, names } = await this.#completion.of(before);
    // What was typed meanwhile is not what was asked about.
    if (this.#phase.phase !== "editing" || this.#editor.before !== before) return;
    if (insert !== "") {
      this.#screen.write(this.#editor.insert(insert));
      return this.#verdict.soon(this.#editor.line);
    }
    if (names.length === 0) return;
    const more = names.length > SHOWN_NAMES ? `\r\n\x1b[90m… and ${names.length - SHOWN_NAMES} more\x1b[0m` : "";
    this.#screen.write(`\r\n${names.slice(0, SHOWN_NAMES).map(printable).join("  ")}${more}\r\n${this.#editor.redraw()}`);
  }

  /** Where the session before stood, judged anew: as if the person had typed it. */
  #takeUp(place: SavedPlace): void {
    const abort = new AbortController();
    this.#phase = { phase: "judging", abort };
    const { judge } = this.#session;
    takeUp(place, { place: this.#place, judge, signal: abort.signal, say: (text) => this.#screen.write(text) })
      .catch((error: unknown) => {
        this.#events.failed(error);
        return false;
      })
      .then((asBefore) => {
        if (!this.#isClosed()) this.#goOn(asBefore);
      });
  }

  /** A line that waited goes on waiting, or runs by its yes: as if the person had typed it again where it was typed. */
  #goOn(asBefore: boolean): void {
    const waiting = this.#waiting;
    if (waiting !== null) this.#screen.write(asBefore ? GOES_ON : stillWaits(waiting.line));
    this.#prompt();
    if (waiting !== null && asBefore && this.#phase.phase === "editing") this.#edit(`\x1b[200~${waiting.line}\x1b[201~\r`);
  }

  #exit(): void {
    this.#screen.write("\r\n");
    this.close();
    this.#events.ended("closed by the person");
  }

  #prompt(): void {
    this.#blocks.end(this.#exitCode);
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
    this.#screen.write(PROMPT_MARK + PASTES_IN_BRACKETS + this.#editor.prompt(prompt.text, prompt.width));
    this.#edit(this.#ahead.take());
  }

  #isKnown(place: SavedPlace): boolean {
    const text = JSON.stringify(place);
    const known = text === this.#saved;
    this.#saved = text;
    return known;
  }

  #isClosed(): boolean {
    return this.#phase.phase === "closed";
  }

  #refuse(message: string): void {
    this.#screen.write(`\x1b[31m✕ ${printable(message)}\x1b[0m\r\n`);
  }
}
