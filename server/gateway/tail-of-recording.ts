import { z } from "zod";
import type { ShellWhere } from "../core/guard/shell/index.ts";
import { type CastEvent, castEvents } from "../core/terminal/asciicast.ts";
import type { RecordingStore } from "./store-ports.ts";

/** One command and the last of what it showed, as it was shown. */
export interface ShownCommand {
  readonly line: string;
  readonly where: Pick<ShellWhere, "cwd" | "environment">;
  readonly output: string;
}

export interface RecordingTail {
  /** The newest first. */
  readonly commands: readonly ShownCommand[];
  /** Seconds from the recording's start to its last event. */
  readonly seconds: number;
  /** Characters of a command's line and output. */
  readonly characters: number;
  readonly columns: number | null;
}

const CHUNKS_AT_ONCE = 32;
const MOST_COMMANDS = 100;
const Where = z.object({ cwd: z.string(), environment: z.record(z.string(), z.string()) });
const SIZE = /^([0-9]{1,4})x[0-9]{1,4}$/;
/** The other screen, of full-screen programs, is entered (`h`) or left (`l`). */
const OTHER_SCREEN = /\x1b\[\?(?:[0-9]+;)*(?:47|1047|1049)(?:;[0-9]+)*([hl])/g;

/**
 * The last commands of a recording, read backwards from its end until there are `most` characters. Prompts and what was
 * typed are left out: they are drawn for a screen that is gone. A command whose beginning is not there says not what it is,
 * and is left out too. Of one command's output the last `most` characters are kept, from the start of a line on.
 */
export async function tailOf(recordings: RecordingStore, session: string, most: number): Promise<RecordingTail> {
  const reader = new BackwardsReader(most);
  for (let before: number | null = null; before !== 0 && !reader.isFull; ) {
    const chunks = await recordings.chunksBefore(session, before, CHUNKS_AT_ONCE);
    for (const { text } of chunks) for (const event of [...castEvents(text)].reverse()) reader.take(event);
    before = chunks.at(-1)?.seq ?? 0;
  }
  return reader.tail;
}

class BackwardsReader {
  readonly #most: number;
  readonly #commands: ShownCommand[] = [];
  #characters = 0;
  #seconds = 0;
  #columns: number | null = null;
  #where: ShownCommand["where"] | null = null;
  /** Of the command that is being read, the newest first. */
  #output: string[] = [];
  #length = 0;
  /** Whether what was cut off left the other screen shown; null: nothing of it says. */
  #otherScreen: boolean | null = null;

  constructor(most: number) {
    this.#most = most;
  }

  get isFull(): boolean {
    return this.#characters >= this.#most || this.#commands.length >= MOST_COMMANDS;
  }

  get tail(): RecordingTail {
    return { commands: this.#commands, seconds: this.#seconds, characters: this.#characters, columns: this.#columns };
  }

  take([seconds, code, data]: CastEvent): void {
    if (this.isFull) return;
    this.#seconds = Math.max(this.#seconds, seconds);
    switch (code) {
      case "o":
        return this.#shown(data);
      case "r":
        this.#columns ??= Number(SIZE.exec(data)?.[1] ?? 0) || null;
        return;
      case "p": {
        const where = Where.safeParse(JSON.parse(data));
        this.#where = where.success ? where.data : null;
        return;
      }
      case "m":
        // A marker without a place is a remark of the recorder's.
        if (this.#where !== null) this.#command(data, this.#where);
        return;
      case "x":
        // What was shown after it is a prompt and what was typed.
        return this.#begin();
    }
  }

  #shown(text: string): void {
    if (this.#length < this.#most) {
      this.#output.push(text);
      this.#length += text.length;
    } else this.#otherScreen ??= leavesOtherScreen(text);
  }

  #command(line: string, where: ShownCommand["where"]): void {
    const whole = this.#output.reverse().join("");
    const from = whole.length <= this.#most ? 0 : whole.indexOf("\n", whole.length - this.#most) + 1;
    const cut = from > 0 || this.#otherScreen !== null;
    const other = leavesOtherScreen(whole.slice(0, from)) ?? this.#otherScreen ?? false;
    const output = `${cut && other ? "\x1b[?1049h" : ""}${whole.slice(from)}`;
    this.#commands.push({ line, where, output });
    this.#characters += line.length + output.length;
    this.#begin();
  }

  #begin(): void {
    this.#where = null;
    this.#output = [];
    this.#length = 0;
    this.#otherScreen = null;
  }
}

/** Null: it neither enters nor leaves it. */
function leavesOtherScreen(text: string): boolean | null {
  const last = [...text.matchAll(OTHER_SCREEN)].at(-1)?.[1];
  return last === undefined ? null : last === "h";
}
