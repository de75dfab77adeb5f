import type { Decision } from "../core/domain/decision.ts";
import type { MicroAction } from "../core/domain/micro-action.ts";
import type { Review } from "../core/domain/review.ts";
import type { ShellWhere } from "../core/guard/shell/index.ts";
import type { Detector } from "../core/mask/stream.ts";
import type { Instead } from "./instead.ts";
import type { OpenShellSession } from "./sessions.ts";
import type { SavedPlace } from "./store-ports.ts";

export interface TerminalEvents {
  output(bytes: Uint8Array): void;
  verdict(text: string, decision: Decision | null, microActions: readonly MicroAction[], instead: Instead | null): void;
  /** A file is to be opened beside the terminal; its absolute path. Nothing was read yet. */
  edit(path: string): void;
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
  command(line: string, where: ShellWhere): void;
  exited(exitCode: number | null): void;
  /** Null: there is room. */
  room(): Promise<void> | null;
}

/** A line that waits for a review in a session that was lost, or has a yes that nobody has used. */
export interface WaitingLine {
  readonly line: string;
  readonly review: string;
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
  /** What that one had shown last, as it may be shown now; empty: nothing. */
  readonly before: string;
  /** What was waiting for a review in it; null: nothing. */
  readonly waiting: WaitingLine | null;
  readonly events: TerminalEvents;
}
