import type { ShellWhere } from "../core/guard/shell/index.ts";
import { insteadOf } from "./instead.ts";
import type { ShellJudge } from "./shell-judge.ts";
import type { TerminalEvents } from "./terminal-options.ts";

const DELAY_MS = 25;
/** After a pause of so long the host is asked where the line's paths lead. */
const PLACES_DELAY_MS = 200;

interface Typing {
  readonly judge: Pick<ShellJudge, "judge" | "judgeInPlace">;
  readonly where: () => ShellWhere;
  /** Null: nobody types a line just now. */
  readonly line: () => string | null;
  readonly events: Pick<TerminalEvents, "verdict" | "failed">;
}

/** The verdict on a line while it is typed: told after a short pause, never in the way of a key. */
export class LiveVerdict {
  readonly #typing: Typing;
  #timer: NodeJS.Timeout | null = null;
  #asking = false;

  constructor(typing: Typing) {
    this.#typing = typing;
  }

  soon(line: string): void {
    this.stop();
    this.#timer = setTimeout(() => this.#judge(line), DELAY_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #judge(line: string): void {
    const { judge, where, events } = this.#typing;
    if (this.#typing.line() === null) return;
    if (line.trim() === "") return events.verdict("", null, [], null);
    const { decision, microActions } = judge.judge(line, where());
    events.verdict(line, decision, microActions, insteadOf(judge, { line, decision, where: where() }));
    this.#timer = setTimeout(
      () => void this.#judgeInPlace(line).catch((error: unknown) => events.failed(error)),
      PLACES_DELAY_MS,
    );
  }

  /** One question at a time: a host that is slow to list is not asked again for each key. */
  async #judgeInPlace(line: string): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const { judge, where, events } = this.#typing;
    try {
      for (let asked: string | null = line; asked !== null; ) {
        const verdict = await judge.judgeInPlace(asked, where());
        const now = this.#typing.line();
        if (now === null) return;
        if (now === asked && verdict !== null) {
          const { decision, microActions } = verdict;
          events.verdict(now, decision, microActions, insteadOf(judge, { line: now, decision, where: where() }));
        }
        asked = now === asked || now.trim() === "" ? null : now;
      }
    } finally {
      this.#asking = false;
    }
  }
}
