import type { GatewayBuiltin, ShellWhere } from "../core/guard/shell/index.ts";
import { printable } from "../core/terminal/prompt.ts";
import type { ShellConnection } from "./ports.ts";
import type { SavedPlace } from "./store-ports.ts";

/** What a built-in of the gateway came to. */
export interface BuiltinEnd {
  readonly exitCode: number;
  readonly text: string;
}

const DONE: BuiltinEnd = { exitCode: 0, text: "" };

/** Where a terminal stands on its host: directory, those of `pushd`, exported variables. Nothing here runs a program there. */
export class TerminalPlace {
  readonly #connection: Pick<ShellConnection, "home" | "user" | "language" | "realpath" | "isDirectory">;
  #cwd: string;
  #previous: string;
  /** The newest first. */
  #stack: readonly string[] = [];
  #environment: Readonly<Record<string, string>> = {};

  constructor(connection: Pick<ShellConnection, "home" | "user" | "language" | "realpath" | "isDirectory">) {
    this.#connection = connection;
    this.#cwd = connection.home;
    this.#previous = connection.home;
  }

  /** What is kept of it for the tab's next session. */
  get saved(): SavedPlace {
    return { cwd: this.#cwd, previous: this.#previous, stack: this.#stack, environment: this.#environment };
  }

  /** What no question about the host is needed for; the directory is entered with `changeDirectory`. */
  takeUp({ previous, stack }: SavedPlace): void {
    this.#previous = previous;
    this.#stack = stack;
  }

  get home(): string {
    return this.#connection.home;
  }

  get where(): ShellWhere {
    const { home, user, language } = this.#connection;
    return { cwd: this.#cwd, home, user, language, environment: this.#environment };
  }

  /** The directories of `dirs`, as a line of text. */
  get directories(): string {
    return `${[this.#cwd, ...this.#stack].map(printable).join(" ")}\r\n`;
  }

  moved(cwd: string): void {
    if (cwd === this.#cwd) return;
    this.#previous = this.#cwd;
    this.#cwd = cwd;
  }

  async changeDirectory([to, ...more]: readonly string[]): Promise<BuiltinEnd> {
    const refused = (why: string): BuiltinEnd => ({ exitCode: 1, text: `cd: ${printable(to ?? "")}: ${why}\r\n` });
    if (more.length > 0) return refused("too many arguments");
    const wanted = to === undefined || to === "~" ? this.#connection.home : to === "-" ? this.#previous : this.absolute(to);
    const real = await this.#connection.realpath(wanted);
    if (real === null) return refused("no such directory");
    if (!(await this.#connection.isDirectory(real))) return refused("not a directory");
    this.#previous = this.#cwd;
    this.#cwd = real;
    return DONE;
  }

  /** `pushd` alone swaps the two on top, as in bash. */
  async stacked({ name, arguments: given }: GatewayBuiltin): Promise<BuiltinEnd> {
    const [to, ...more] = given;
    const [top, ...rest] = this.#stack;
    const refused = (why: string): BuiltinEnd => ({ exitCode: 1, text: `${name}: ${why}\r\n` });
    if (more.length > 0 || (name === "popd" && to !== undefined)) return refused("takes at most one directory here");
    if (to === undefined && top === undefined) return refused("directory stack empty");
    const from = this.#cwd;
    const end = await this.changeDirectory([to ?? top ?? from]);
    if (end.exitCode !== 0) return end;
    if (name === "popd") this.#stack = rest;
    else this.#stack = [from, ...(to === undefined ? rest : this.#stack)];
    return { exitCode: 0, text: this.directories };
  }

  variables({ name, arguments: given }: GatewayBuiltin): BuiltinEnd {
    const next: Record<string, string> = { ...this.#environment };
    for (const argument of given) {
      const at = argument.indexOf("=");
      if (name === "unset") delete next[argument];
      else if (at > 0) next[argument.slice(0, at)] = argument.slice(at + 1);
    }
    this.#environment = next;
    return DONE;
  }

  absolute(path: string): string {
    if (path.startsWith("~/")) return `${this.#connection.home}/${path.slice(2)}`;
    return path.startsWith("/") ? path : `${this.#cwd}/${path}`;
  }
}
