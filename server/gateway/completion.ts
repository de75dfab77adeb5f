import { type Asked, type NamedThing, type Wanted, wantedAt, written } from "../core/guard/shell/index.ts";
import { type MaskRules, maskText } from "../core/mask/stream.ts";
import { isFree } from "./authorize.ts";
import type { ShellConnection } from "./ports.ts";
import type { ShellJudge } from "./shell-judge.ts";
import type { TerminalPlace } from "./terminal-place.ts";

/** How a word goes on: `insert` where that is clear, else the `names` to choose from. */
export interface Completed {
  readonly insert: string;
  readonly names: readonly string[];
}

const NOTHING: Completed = { insert: "", names: [] };
/** What the host said is believed for so long. */
const PROGRAMS_MS = 60_000;
const NAMED_MS = 5_000;
const ANSWER_MS = 3_000;
const ANSWER_BYTES = 256_000;

/**
 * What is asked for names that no folder holds: fixed lines, judged and on the record like those of the person (the
 * comment says what they are for), in the directory that the terminal is in. Nothing that was typed is in them.
 */
const QUESTIONS: Readonly<Record<NamedThing, (program: string) => { readonly line: string; readonly name: RegExp }>> = {
  unit: () => ({
    line: "systemctl list-units --all --plain --no-legend --no-pager 2>/dev/null # for Tab",
    name: /^\s*(?:● )?([\w@.\\:-]+\.(?:service|socket|timer|target|mount|path|slice|scope|device|automount|swap))(?:\s|$)/,
  }),
  revision: () => ({
    line: "git for-each-ref '--format=%(refname:short)' refs/heads refs/tags refs/remotes 2>/dev/null # for Tab",
    name: /^(\S+)$/,
  }),
  container: (program) => ({ line: `${program} ps --all --format '{{.Names}}' 2>/dev/null # for Tab`, name: /^([\w.-]+)$/ }),
};

interface Parts {
  readonly place: TerminalPlace;
  readonly connection: Pick<ShellConnection, "list" | "names" | "path" | "run">;
  readonly judge: Pick<ShellJudge, "judge" | "aside">;
  readonly mask: MaskRules;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
}

/** Tab: paths, programs, subcommands, options, units, branches and containers, as far as policy lets the person see them. */
export class Completion {
  readonly #parts: Parts;
  readonly #known = new Map<string, { readonly until: number; readonly names: Promise<readonly string[]> }>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async of(before: string): Promise<Completed> {
    const wanted = wantedAt(before);
    if (wanted === null) return NOTHING;
    const found = new Set(wanted.words.filter((word) => word.startsWith(wanted.start)));
    for (const asked of wanted.ask) {
      if (asked === "path" && found.size > 0) break;
      for (const name of await this.#names(asked, wanted)) if (name.startsWith(wanted.start)) found.add(name);
    }
    return choose([...found].sort(), wanted);
  }

  async #names(asked: Asked, wanted: Wanted): Promise<readonly string[]> {
    switch (asked) {
      case "path":
        return this.#paths(wanted.start);
      case "program":
        return this.#remembered("program", PROGRAMS_MS, () => this.#programs());
      default: {
        const { line, name } = QUESTIONS[asked](wanted.program);
        const { cwd } = this.#parts.place.where;
        return this.#remembered(`${cwd}\n${line}`, NAMED_MS, () => this.#answer(line, name));
      }
    }
  }

  /** Names in a folder are shown to those who may list it. */
  async #paths(start: string): Promise<readonly string[]> {
    const { place, connection } = this.#parts;
    const folder = start.slice(0, start.lastIndexOf("/") + 1);
    const base = folder === "" ? place.where.cwd : place.absolute(folder);
    if (!this.#mayList(base)) return [];
    const hidden = start.slice(folder.length).startsWith(".");
    const names = await connection.list(base);
    return names.flatMap((name) => (name.startsWith(".") && !hidden ? [] : [folder + name]));
  }

  async #programs(): Promise<readonly string[]> {
    const { connection } = this.#parts;
    const folders = connection.path.filter((folder) => this.#mayList(folder));
    const all = await Promise.all(folders.map((folder) => connection.names(folder)));
    return [...new Set(all.flat())].filter((name) => !name.startsWith("."));
  }

  #mayList(folder: string): boolean {
    const { judge, place } = this.#parts;
    return isFree(judge.judge(`ls -- '${folder.replaceAll("'", "'\\''")}'`, place.where).decision);
  }

  async #answer(line: string, name: RegExp): Promise<readonly string[]> {
    const { judge, place, connection, mask, now } = this.#parts;
    const { where } = place;
    const allowed = await judge.aside(line, where);
    if (allowed === null) return [];
    const began = now();
    const decoder = new TextDecoder();
    let text = "";
    let bytes = 0;
    const run = { cwd: where.cwd, environment: where.environment, columns: 1_000, rows: 50, interactive: false, pty: true };
    const program = await connection.run(allowed.command, run, {
      output: (chunk) => {
        bytes += chunk.length;
        if (text.length < ANSWER_BYTES) text += decoder.decode(chunk, { stream: true });
      },
    });
    const timer = setTimeout(() => program.signal("KILL"), ANSWER_MS);
    const end = await program.end;
    clearTimeout(timer);
    await allowed.executed({ exitCode: end.ended === "exited" ? end.exitCode : null, durationMs: now() - began, bytes });
    const lines = text.split(/\r*\n/);
    // What would be masked on the screen is not completed.
    const names = lines.flatMap((each) => (maskText(each, mask) === each ? [name.exec(each)?.[1] ?? ""] : []));
    return names.filter((each) => each !== "");
  }

  #remembered(key: string, forMs: number, ask: () => Promise<readonly string[]>): Promise<readonly string[]> {
    const now = this.#parts.now();
    for (const [old, { until }] of this.#known) if (until < now) this.#known.delete(old);
    const known = this.#known.get(key);
    if (known !== undefined) return known.names;
    const names = ask();
    this.#known.set(key, { until: now + forMs, names });
    names.catch(() => this.#known.delete(key));
    return names;
  }
}

function choose(names: readonly string[], { start, quote }: Wanted): Completed {
  const [first] = names;
  if (first === undefined) return NOTHING;
  const common = names.reduce((prefix, name) => {
    let i = 0;
    while (i < prefix.length && prefix[i] === name[i]) i++;
    return prefix.slice(0, i);
  });
  const rest = written(common.slice(start.length), quote);
  const ends = names.length === 1 && !/[/=]$/.test(common);
  const insert = rest === null ? "" : `${rest}${ends ? `${quote} ` : ""}`;
  if (insert !== "") return { insert, names: [] };
  const shown = names.length > 1 ? names : [];
  // Of paths the last part, as a shell does.
  return { insert: "", names: shown.map((name) => name.replace(/^.*\/(?=.)/, "")) };
}
