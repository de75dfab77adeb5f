import type { ParsedScript } from "unbash";
import type { MicroAction } from "../../domain/micro-action.ts";
import type { Refusal } from "../../domain/refusal.ts";
import { absolutePath, describeFile } from "../files.ts";
import { beyondPosix } from "./posix.ts";
import { type DescribedShell, GATEWAY_BUILTINS, type GatewayBuiltin, type Language, type ShellWhere } from "./prepared.ts";
import { read } from "./read.ts";
import type { State } from "./state.ts";
import { Walk } from "./walk.ts";

/** Says what a command line would do. Pure: the same text in the same place gets the same answer. Rules: SPEC.md. */
export function describeShell(text: string, where: ShellWhere, met?: Set<string>): DescribedShell | { refusal: Refusal } {
  const language = where.language ?? "bash";
  if (text.trim() === RAW_SHELL) return rawShell(text, language);
  const result = read(text);
  if ("refusal" in result) return result;
  const strange = language === "sh" ? beyondPosix(result.script) : null;
  if (strange !== null) {
    return {
      refusal: {
        message: `${strange.what} is bash's, and this host has only \`sh\``,
        span: [strange.pos, strange.end],
        hint: "write it as every `sh` reads it (POSIX)",
      },
    };
  }
  const walk = new Walk(where, met);
  const finish = (actions: readonly MicroAction[]): readonly MicroAction[] => {
    // The shell's own settings decide what globs match; only where all is understood are they known.
    if (!actions.some((action) => action.action === "shell:opaque")) return actions;
    return actions.map((action) =>
      action.resource.kind === "path" && action.resource.visible === true
        ? { ...action, resource: { kind: "path", path: action.resource.path, pattern: true } }
        : action,
    );
  };
  const start: State = {
    variables: new Map(),
    cwds: [where.cwd],
    positional: [],
    functions: new Set(),
    aliases: new Map(),
    plainSplitting: !Object.hasOwn(where.environment, "IFS"),
    tainted: false,
  };
  try {
    walk.script(result.script, start);
  } catch (error) {
    // The stack or a text outgrew the engine: a line of that shape is nobody's work.
    if (!(error instanceof RangeError)) throw error;
    return { refusal: { message: "too large to be judged", span: [0, text.length], hint: "split it" } };
  }
  // Names that are made or change while the line runs are matched too.
  if (where.matches !== undefined && [...walk.actions.values()].some((action) => CHANGES.has(action.action))) {
    const { matches: _, ...rest } = where;
    return describeShell(text, rest, met);
  }
  const programs = [...walk.programs];
  const builtin = builtinOf(result.script, where);
  if (builtin?.name === "edit") return editor(text, builtin, where);
  return {
    kind: "shell",
    text,
    span: [0, text.length],
    microActions: finish([...walk.actions.values()]),
    facts: { kind: "shell", programs, interactive: walk.interactive, background: walk.background },
    prepared: {
      original: text,
      sent: text,
      changesDirectory: walk.changesDirectory,
      programs,
      interactive: walk.interactive,
      background: walk.background,
      raw: false,
    },
    builtin,
    embedded: walk.embedded,
  };
}

/** The line that asks for a raw shell: a word of the gateway's, which no program of a host can take. */
const RAW_SHELL = "raw-shell";

/** SG-25. Described as what it is: an action of its own, that no glob of a permit reaches. */
function rawShell(text: string, language: Language): DescribedShell {
  const from = text.indexOf(RAW_SHELL);
  const span = [from, from + RAW_SHELL.length] as const;
  return {
    kind: "shell",
    text,
    span: [0, text.length],
    microActions: [{ action: "shell:raw", resource: { kind: "target" }, span }],
    facts: { kind: "shell", programs: [], interactive: true, background: false },
    prepared: {
      original: text,
      sent: `exec /bin/${language} -l -i`,
      changesDirectory: false,
      programs: [],
      interactive: true,
      background: false,
      raw: true,
    },
    builtin: null,
    embedded: [],
  };
}

/** SG-43. `edit FILE`: the file is read for the editor of the browser. Where there is none, the line does nothing. */
function editor(text: string, builtin: GatewayBuiltin, where: ShellWhere): DescribedShell | { refusal: Refusal } {
  const [file = "", ...more] = builtin.arguments;
  const span = [0, text.length] as const;
  if (file === "" || more.length > 0) return { refusal: { message: "usage: edit FILE", span } };
  const path = absolutePath(file.startsWith("/") ? file : `${where.cwd}/${file}`);
  if (path === null) return { refusal: { message: "the file's name cannot be shown in a review", span } };
  const order = { way: "read", path: where.physical?.get(path) ?? path } as const;
  const { microActions } = describeFile(`edit ${path}`, path, order);
  return {
    kind: "shell",
    text,
    span,
    microActions: microActions.map((action) => ({ ...action, span })),
    facts: { kind: "shell", programs: [], interactive: false, background: false },
    prepared: {
      original: text,
      sent: "false",
      changesDirectory: false,
      programs: [],
      interactive: false,
      background: false,
      raw: false,
    },
    builtin: { name: "edit", arguments: [path] },
    embedded: [],
  };
}

const CHANGES: ReadonlySet<string> = new Set(["shell:opaque", "file:write", "file:delete"]);

/** A line that is one plain command of the gateway's own: it runs nothing on the host. */
function builtinOf(script: ParsedScript, where: ShellWhere): GatewayBuiltin | null {
  const [statement, ...more] = script.commands;
  const command = statement?.command;
  if (more.length > 0 || statement?.background === true || command?.type !== "Command") return null;
  if (command.prefix.length > 0 || command.redirects.length > 0) return null;
  const name = GATEWAY_BUILTINS.find((candidate) => candidate === command.name?.text);
  if (name === undefined) return null;
  const words: string[] = [];
  for (const part of command.args) {
    const value =
      part.type === "Word"
        ? plain(part.text, part.value, where)
        : part.value.type === "Word" && part.index === undefined && part.append !== true
          ? plain(part.value.text, part.value.value, where)
          : null;
    if (value === null) return null;
    words.push(part.type === "Word" ? value : `${part.name}=${value}`);
  }
  return { name, arguments: words };
}

/** A word without anything that expands; `~` at the start is the home. */
function plain(text: string, value: string, where: ShellWhere): string | null {
  if (/^~(\/|$)/.test(text) && !/[$`*?[{\\'"]/.test(text)) return where.home + text.slice(1);
  if (!/[$`*?[{~\\]|^!/.test(text)) return value;
  const pieces = text.match(PIECE) ?? [];
  return pieces.join("") === text ? pieces.map(unquoted).join("") : null;
}

/** Of a word in which nothing expands: `'…'`, `"…"`, `\x`, or characters that mean themselves. */
const PIECE = /'[^']*'|"(?:[^"$`\\!]|\\[$`"\\])*"|\\[^\n]|[^\s'"\\$`*?[\]{}~!]+/g;

function unquoted(piece: string): string {
  if (piece.startsWith("'")) return piece.slice(1, -1);
  if (piece.startsWith('"')) return piece.slice(1, -1).replace(/\\([$`"\\])/g, "$1");
  return piece.startsWith("\\") ? piece.slice(1) : piece;
}
