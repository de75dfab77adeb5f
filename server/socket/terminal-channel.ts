import type { WireBlock } from "../contract/socket.ts";
import type { Gateway } from "../gateway/create-gateway.ts";
import { KeptTab } from "../gateway/kept-tab.ts";
import { Recorder } from "../gateway/recorder.ts";
import type { OpenShellSession } from "../gateway/sessions.ts";
import { shownBefore } from "../gateway/shown-before.ts";
import type { SavedTab } from "../gateway/store-ports.ts";
import { Terminal } from "../gateway/terminal.ts";
import type { TerminalEvents, WaitingLine } from "../gateway/terminal-options.ts";
import type { Say } from "./say.ts";
import { Tail } from "./tail.ts";

const HISTORY = 1_000;
/** Of what was shown, so much is shown again when the browser comes back. */
const TAIL_BYTES = 512_000;
const BLOCKS = 300;

interface Opening {
  readonly open: OpenShellSession;
  readonly gateway: Gateway;
  readonly columns: number;
  readonly rows: number;
  /** The browser's name for its tab; null: nothing is kept for it. */
  readonly tab: string | null;
  /** Nothing of what its session before had shown is in sight there. */
  readonly empty: boolean;
}

type How = "ended" | "lost";

/** The socket that a terminal is shown on. */
export interface Place {
  readonly channel: number;
  readonly say: Say;
  readonly ended: (reason: string, how: How) => void;
}

/** What the person's earlier sessions have left. */
interface Known {
  readonly history: readonly string[];
  readonly saved: SavedTab | null;
  readonly before: string;
  readonly waiting: WaitingLine | null;
}

function tabOf(open: OpenShellSession, tab: string) {
  return { principal: open.requester.principal.id, target: open.target.id, tab };
}

/** What cannot be shown again is no reason not to begin. */
async function knownOf({ open, gateway, columns, tab, empty }: Opening): Promise<Known> {
  const { context } = gateway;
  const { principal } = open.requester;
  const history = await context.histories.recent(principal.id, open.target.id, HISTORY);
  const saved = tab === null ? null : await context.terminalTabs.find(tabOf(open, tab));
  const last = saved?.sessions.at(-1);
  if (saved === null || last === undefined) return { history, saved, before: "", waiting: null };
  const before = empty
    ? await shownBefore(context, open, saved.sessions, columns).catch((error: unknown) => {
        context.log(`what ${last} had shown: ${error instanceof Error ? error.message : String(error)}`);
        return "";
      })
    : "";
  const review = await context.reviews.waitingIn(principal.id, last);
  const isHere = review !== null && review.kind === "shell" && review.target === open.target.id;
  return { history, saved, before, waiting: isHere ? { line: review.statement, review: review.id } : null };
}

/** One terminal tab. Its socket may go and another come while it goes on. */
export class TerminalChannel {
  readonly open: OpenShellSession;
  readonly #terminal: Terminal;
  readonly #recorder: Recorder;
  readonly #tail = new Tail(TAIL_BYTES);
  readonly #blocks = new Map<number, WireBlock>();
  #place: Place | null;
  /** Called when it ends while no socket shows it. */
  #ended: () => void = () => undefined;
  #state: Parameters<TerminalEvents["state"]>[0] | null = null;
  #closed: Promise<void> | null = null;
  readonly #kept: KeptTab | null;

  /** Nothing is shown before its recording has begun; what is answered opens it. Throws `StoreError`. */
  static async prepare(opening: Opening): Promise<(place: Place) => TerminalChannel> {
    const { open, gateway, columns, rows } = opening;
    const { principal } = open.requester;
    const known = await knownOf(opening);
    const recorded = {
      session: open.id,
      principal: principal.id,
      target: open.target.id,
      environment: open.target.environment,
      columns,
      rows,
    };
    let made: TerminalChannel | null = null;
    const recorder = await Recorder.open(gateway.context, recorded, (reason) => {
      if (made !== null) made.#end(reason, "ended");
    });
    return (place) => {
      made = new TerminalChannel(opening, recorder, known, place);
      return made;
    };
  }

  private constructor(opening: Opening, recorder: Recorder, known: Known, place: Place) {
    const { open, gateway, columns, rows, tab } = opening;
    const { history, saved, before, waiting } = known;
    this.#kept = tab === null ? null : new KeptTab(gateway.context, { tab: tabOf(open, tab), session: open.id, known: saved });
    this.open = open;
    this.#recorder = recorder;
    this.#place = place;
    open.onEnded((reason, how) => this.#end(reason, how));
    this.#terminal = new Terminal({
      session: open,
      detectors: gateway.context.configuration.set.detectors,
      now: () => performance.now(),
      columns,
      rows,
      history,
      from: saved?.place ?? null,
      before,
      waiting,
      recording: recorder,
      events: {
        output: (bytes) => {
          this.#tail.push(bytes);
          this.#place?.say.bytes(this.#place.channel, bytes);
        },
        edit: (path) => this.#place?.say.send({ type: "terminal.edit", session: open.id, path }),
        verdict: (text, decision, microActions, instead) =>
          this.#place?.say.send({
            type: "terminal.verdict",
            session: open.id,
            text,
            decision: decision === null ? null : this.#place.say.decision(decision, microActions),
            instead,
          }),
        state: (state) => {
          this.#state = state;
          this.#tellState();
        },
        block: (block) => {
          this.#blocks.set(block.number, block);
          const [oldest] = this.#blocks.keys();
          if (this.#blocks.size > BLOCKS && oldest !== undefined) this.#blocks.delete(oldest);
          this.#place?.say.send({ type: "terminal.block", session: open.id, block });
        },
        moved: (saved) => this.#kept?.keep(saved),
        remember: (line) => {
          gateway.context.histories
            .add(open.requester.principal.id, open.target.id, line)
            .catch((error: unknown) => gateway.context.log(`history of ${open.id}: ${String(error)}`));
        },
        ended: (reason) => {
          this.#kept?.forget();
          this.#end(reason, "ended");
        },
        failed: (error) => this.#place?.say.fail(error, open.id),
      },
    });
  }

  get session(): string {
    return this.open.id;
  }

  input(bytes: Uint8Array): void {
    this.#terminal.input(bytes);
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
  }

  acknowledge(bytes: number): void {
    this.#terminal.acknowledge(bytes);
  }

  /** Its socket is gone. What runs goes on, as far as it may be ahead of a browser. */
  detach(ended: () => void): void {
    this.#place = null;
    this.#ended = ended;
  }

  /** Another socket shows it from now on, beginning with the last of what was shown. */
  attach(place: Place, columns: number, rows: number): void {
    this.#place = place;
    for (const block of this.#blocks.values()) place.say.send({ type: "terminal.block", session: this.session, block });
    const shown = this.#tail.bytes();
    this.#terminal.shownAgain(shown.length);
    place.say.bytes(place.channel, shown);
    this.#tellState();
    this.#terminal.resize(columns, rows);
  }

  /** `gone`: the person is done with the tab, and nothing is kept for it. */
  close(reason: string, gone?: "gone"): Promise<void> {
    if (gone !== undefined) this.#kept?.forget();
    this.#closed ??= (async () => {
      this.#terminal.close();
      try {
        await this.#recorder.close();
      } finally {
        await this.open.close(reason);
      }
    })();
    return this.#closed;
  }

  #tellState(): void {
    if (this.#place === null || this.#state === null) return;
    const { say } = this.#place;
    const { review, ...state } = this.#state;
    say.send({
      type: "terminal.state",
      session: this.session,
      ...state,
      review: review === null ? null : say.review(review),
    });
  }

  #end(reason: string, how: How): void {
    if (this.#place !== null) return this.#place.ended(reason, how);
    this.#ended();
    void this.close(reason).catch(() => undefined);
  }
}
