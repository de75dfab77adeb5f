import type { IDecoration, IDisposable, IMarker, Terminal } from "@xterm/xterm";
import type { WireBlock } from "../../server/contract/socket.ts";
import { duration } from "../theme/time.ts";
import { type BlockMeaning, meaningOfBlock } from "./block-meaning.ts";

interface Place {
  /** Line of the prompt. */
  readonly prompt: IMarker;
  /** First line of the output. */
  readonly output: IMarker;
  /** Line after the last of the output. */
  end: IMarker | null;
  decoration: IDecoration | undefined;
}

/**
 * Where each block stands in the terminal. The gateway marks prompts and commands with OSC 133, in the stream, so the
 * places hold however far ahead the output is; programs cannot: their OSC sequences are taken out on the way.
 */
export class BlockPlaces {
  readonly #terminal: Terminal;
  readonly #places = new Map<number, Place>();
  readonly #blocks = new Map<number, WireBlock>();
  readonly #colours: () => Readonly<Record<BlockMeaning, string>>;
  readonly #choose: (block: number) => void;
  readonly #handler: IDisposable;
  #prompt: IMarker | undefined;

  constructor(terminal: Terminal, colours: () => Readonly<Record<BlockMeaning, string>>, choose: (block: number) => void) {
    this.#terminal = terminal;
    this.#colours = colours;
    this.#choose = choose;
    this.#handler = terminal.parser.registerOscHandler(133, (data) => {
      this.#mark(data);
      return true;
    });
  }

  update(blocks: readonly WireBlock[]): void {
    for (const block of blocks) {
      if (this.#blocks.get(block.number) === block) continue;
      this.#blocks.set(block.number, block);
      this.#draw(block.number);
    }
  }

  /** The block before or after; from none: the last one. Null: there is none. */
  beside(number: number | null, step: -1 | 1): number | null {
    const numbers = [...this.#places].filter(([, place]) => !place.prompt.isDisposed).map(([each]) => each);
    if (number === null) return step === -1 ? (numbers.at(-1) ?? null) : null;
    const index = numbers.indexOf(number);
    return numbers[index + step] ?? null;
  }

  show(number: number): void {
    const place = this.#places.get(number);
    if (place !== undefined && !place.prompt.isDisposed) this.#terminal.scrollToLine(Math.max(0, place.prompt.line - 1));
  }

  /** What it printed, as the screen holds it; null: it has scrolled away. */
  output(number: number): string | null {
    const place = this.#places.get(number);
    if (place === undefined || place.output.isDisposed) return null;
    const buffer = this.#terminal.buffer.normal;
    const end = place.end === null || place.end.isDisposed ? buffer.baseY + buffer.cursorY : place.end.line;
    let text = "";
    for (let index = place.output.line; index < end; index++) {
      const line = buffer.getLine(index);
      if (line === undefined) break;
      text += `${index === place.output.line || line.isWrapped ? "" : "\n"}${line.translateToString(true)}`;
    }
    return text;
  }

  dispose(): void {
    this.#handler.dispose();
  }

  #mark(data: string): void {
    const [kind, number] = data.split(";");
    if (this.#terminal.buffer.active.type === "alternate") return;
    const here = this.#terminal.registerMarker(0);
    if (kind === "A") this.#prompt = here;
    if (number === undefined) return;
    const block = Number(number);
    if (kind === "C" && here !== undefined) {
      this.#places.set(block, { prompt: this.#prompt ?? here, output: here, end: null, decoration: undefined });
      this.#draw(block);
    }
    const place = this.#places.get(block);
    if (kind === "D" && place !== undefined) place.end = here ?? null;
  }

  #draw(number: number): void {
    const place = this.#places.get(number);
    const block = this.#blocks.get(number);
    if (place === undefined || block === undefined || place.prompt.isDisposed) return;
    const meaning = meaningOfBlock(block);
    place.decoration?.dispose();
    place.decoration = this.#terminal.registerDecoration({
      marker: place.prompt,
      width: 1,
      overviewRulerOptions: { color: this.#colours()[meaning], position: "left" },
    });
    place.decoration?.onRender((element) => {
      if (element.dataset.block === String(number)) return;
      element.dataset.block = String(number);
      element.dataset.blockMeaning = meaning;
      element.title = titleOf(block);
      element.addEventListener("click", () => this.#choose(number));
    });
  }
}

function titleOf(block: WireBlock): string {
  if (block.ended === null) return `${block.line}\nunder way`;
  const { exitCode, durationMs } = block.ended;
  return `${block.line}\n${exitCode === null ? "no exit code" : `exit ${exitCode}`}, ${duration(durationMs)}`;
}
