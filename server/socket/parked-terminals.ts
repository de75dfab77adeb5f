import type { TerminalChannel } from "./terminal-channel.ts";

/** How long a terminal waits for its browser to come back. */
export const PARKED_MS = 30_000;
const LOOK_MS = 50;
/** A page that is loaded again asks before its old socket is known to be gone. */
const HANDOVER_MS = 3_000;

/**
 * Terminals whose socket is gone, with what runs in them. They wait for the same sign-in; nobody else can take them, and
 * they go with it. What they show meanwhile is recorded like anything else.
 */
export class ParkedTerminals {
  readonly #parked = new Map<
    string,
    { readonly terminal: TerminalChannel; readonly sid: string; readonly timer: NodeJS.Timeout }
  >();
  readonly #over = new Set<string>();
  readonly #log: (line: string) => void;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  park(terminal: TerminalChannel, sid: string): void {
    if (this.#over.has(sid)) return this.#end(terminal, "signed out");
    const session = terminal.session;
    terminal.detach(() => this.#forget(session));
    const timer = setTimeout(() => {
      this.#forget(session);
      this.#end(terminal, "the browser did not come back");
    }, PARKED_MS);
    timer.unref();
    this.#parked.set(session, { terminal, sid, timer });
  }

  /** Null: there is none, or it is another sign-in's. */
  async take(session: string, sid: string): Promise<TerminalChannel | null> {
    for (let waited = 0; waited < HANDOVER_MS; waited += LOOK_MS) {
      const found = this.#parked.get(session);
      if (found !== undefined) {
        if (found.sid !== sid) return null;
        this.#forget(session);
        return found.terminal;
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return null;
  }

  /** The sign-in does not hold any more. */
  endOf(sid: string): void {
    this.#over.add(sid);
    setTimeout(() => this.#over.delete(sid), 2 * PARKED_MS).unref();
    for (const [session, parked] of this.#parked) {
      if (parked.sid !== sid) continue;
      this.#forget(session);
      this.#end(parked.terminal, "signed out");
    }
  }

  #forget(session: string): void {
    const found = this.#parked.get(session);
    if (found !== undefined) clearTimeout(found.timer);
    this.#parked.delete(session);
  }

  #end(terminal: TerminalChannel, reason: string): void {
    terminal.close(reason).catch((error: unknown) => this.#log(`closing ${terminal.session}: ${String(error)}`));
  }
}
