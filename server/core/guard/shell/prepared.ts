import type { Described } from "../../domain/statement.ts";
import type { EmbeddedSql } from "./embedded.ts";

/** What runs, once it is authorised. */
export interface PreparedShell {
  /** As the person wrote it. */
  readonly original: string;
  /** What is sent: the exact text that was judged. */
  readonly sent: string;
  /** Whether a `cd`, `pushd` or `popd` in it can move the session. */
  readonly changesDirectory: boolean;
  readonly programs: readonly string[];
  /** Whether keys may reach it: a `shell:interactive` is among its micro-actions. */
  readonly interactive: boolean;
  readonly background: boolean;
  /** A shell of its own, in which nothing is judged. */
  readonly raw: boolean;
}

/** `sh`: what is the same in every shell that may go by that name. */
export type Language = "bash" | "sh";

export interface ShellWhere {
  /** Physical: no part of it is a link. The runner checks that it still is. */
  readonly cwd: string;
  readonly home: string;
  readonly user: string;
  /** The variables that the person has exported in this session. */
  readonly environment: Readonly<Record<string, string>>;
  /** What reads the line on the host. Absent: bash. */
  readonly language?: Language;
  /**
   * Where paths in the text lead on the host, asked just before it runs: lexical → physical. A path whose physical place
   * is another one is described under both. Absent: nobody has asked, as in the verdict while typing.
   */
  readonly physical?: ReadonlyMap<string, string>;
  /** Paths that are folders there, asked at the same moment, where a program of the line reads what is in a folder. */
  readonly folders?: ReadonlySet<string>;
  /**
   * What globs in the text match there, asked at the same moment: pattern → all names. Used only for a line that is
   * wholly understood and changes no file. A glob that is not in it means everything that it could match.
   */
  readonly matches?: ReadonlyMap<string, readonly string[]>;
}

/** What the gateway does itself when the whole line is one of these. */
export const GATEWAY_BUILTINS = [
  "cd",
  "pushd",
  "popd",
  "dirs",
  "export",
  "unset",
  "clear",
  "exit",
  "logout",
  "history",
  "help",
  "why",
  "can",
  "edit",
] as const;

export interface GatewayBuiltin {
  readonly name: (typeof GATEWAY_BUILTINS)[number];
  readonly arguments: readonly string[];
}

export interface DescribedShell extends Described {
  readonly kind: "shell";
  readonly facts: {
    readonly kind: "shell";
    readonly programs: readonly string[];
    readonly interactive: boolean;
    readonly background: boolean;
  };
  readonly prepared: PreparedShell;
  readonly builtin: GatewayBuiltin | null;
  readonly embedded: readonly EmbeddedSql[];
}
