import type { ProgramEntry } from "./catalogue-schema.ts";
import { describeCommand, type Exec, emitExec } from "./command.ts";
import { describeWord } from "./meaning.ts";
import { forOption, isDangerous, readLine } from "./options.ts";
import { touchFolder } from "./touched-path.ts";
import type { Argument } from "./word.ts";

/** Describes a program by its entry in the catalogue. */
export function describeEntry(exec: Exec, whole: ProgramEntry): void {
  const { walk, span } = exec;
  const [only, ...more] = exec.words;
  if (only?.known === "text" && more.length === 0 && whole.prints?.split(" ").includes(only.text)) {
    emitExec(exec, { subcommand: "", flags: [only.text], operands: [] });
    return;
  }
  const stop = whole.runs !== undefined || whole.subcommands !== undefined;
  const head = readLine(whole, exec.words, stop);
  let entry: ProgramEntry = whole;
  let { options, operands, unsure } = head;
  let subcommand = "";
  if (whole.subcommands !== undefined && operands.length > 0) {
    const named = operands.slice(0, whole.subcommands);
    const words = named.map((word) => (word.known === "text" ? word.text : null));
    if (words.includes(null)) walk.opaque(`subcommand of \`${exec.name}\``, operands[0]?.span ?? span);
    subcommand = words.filter((word, i) => word !== null && (i === 0 || /^[a-z][a-z0-9-]*$/.test(word))).join(" ");
    const [one = ""] = subcommand.split(" ");
    const exact = forSub(whole, subcommand);
    let own = exact ?? forSub(whole, one);
    entry = merged(whole, own);
    const after = operands.slice(own === undefined || exact === undefined ? 1 : subcommand.split(" ").length);
    let rest = readLine(entry, after, entry.runs !== undefined);
    if (own?.nested === true) {
      const early = readLine(entry, after, true);
      const [inner, ...others] = early.operands;
      if (inner !== undefined) {
        if (inner.known !== "text") walk.opaque(`subcommand of \`${exec.name} ${subcommand}\``, inner.span);
        subcommand = `${subcommand} ${inner.known === "text" ? inner.text : ""}`.trim();
        const nested = forSub(whole, subcommand);
        // Where options that are not known stand before it, this may be the value of one.
        if (nested !== undefined && early.options.some((option) => !option.listed))
          walk.opaque(`\`${exec.name} ${one}\` with options before \`${inner.source}\``, span);
        entry = nested === undefined ? entry : merged(whole, nested);
        own = nested ?? own;
        const inside = readLine(
          entry,
          nested === undefined ? after.filter((word) => word !== inner) : others,
          entry.runs !== undefined,
        );
        rest =
          nested === undefined
            ? inside
            : { ...inside, options: [...early.options, ...inside.options], unsure: [...early.unsure, ...inside.unsure] };
      }
    }
    options = [...options, ...rest.options];
    operands = rest.operands;
    unsure = [...unsure, ...rest.unsure];
    if (whole.sub !== undefined && own === undefined)
      walk.opaque(`effects of \`${exec.name} ${subcommand}\`, which are not known`, span);
  }
  const turned = options.flatMap((option) => {
    const table = head.options.includes(option) ? whole.becomes : entry.becomes;
    return forOption(table, option.name) ?? [];
  });
  subcommand = turned.find((name) => !LOOKS.has(name)) ?? turned[0] ?? subcommand;
  if (entry.operandBecomes !== undefined && !LOOKS.has(subcommand) && operands.some((word) => changes(entry, word)))
    subcommand = entry.operandBecomes;
  emitExec(exec, { subcommand, flags: options.map((option) => option.name), operands });

  if (entry.harmless !== true) {
    const dangerous =
      Object.values(entry.values ?? {}).some(isDangerous) ||
      entry.becomes !== undefined ||
      (entry.operands ?? []).some(isDangerous) ||
      entry.runs !== undefined;
    for (const word of unsure) {
      if (word.known === "no" || dangerous)
        walk.opaque(`word \`${word.source}\` of \`${exec.name}\`, which may be an option`, word.span);
    }
  }
  const tree = entry.recursive === "always" || options.some((option) => entry.recursive?.split(" ").includes(option.name));
  for (const option of options) {
    // Before a subcommand an unknown option could take the next word, and another would be the subcommand.
    const early = whole.subcommands !== undefined && head.options.includes(option);
    if (!option.listed && (entry.open !== true || early || option.ambiguous === true))
      walk.opaque(`option \`${option.name}\` of \`${exec.name}\`, which is not known`, span);
    if (option.value !== null) {
      const kind = forOption(entry.values, option.name) ?? "text";
      describeWord(exec, kind, option.value, tree);
      const behind = option.attached === true ? withoutEquals(option.value) : null;
      if (behind !== null) describeWord(exec, kind, behind, tree);
    } else if (isDangerous(forOption(entry.values, option.name) ?? "text"))
      walk.opaque(`option \`${option.name}\` of \`${exec.name}\``, span);
  }
  const kinds = entry.operands ?? ["text"];
  const shifted = options.some((option) => entry.shifts?.split(" ").includes(option.name)) ? kinds.slice(1) : kinds;
  const plain = entry.runs === undefined ? operands : operands.slice(0, entry.runs);
  // A glob in what is only printed shows the names in a folder.
  if (entry.harmless === true) for (const word of plain) if (word.known === "pattern") describeWord(exec, "list", word, false);
  for (const [i, operand] of entry.harmless === true ? [] : plain.entries()) {
    // Policies look at what a subcommand is given.
    if (whole.subcommands !== undefined && (operand.known === "no" || (operand.known === "pattern" && operand.expands === true)))
      walk.opaque(`word \`${operand.source}\` of \`${exec.name}\``, operand.span);
    if (entry.folders === true && !tree) touchFolder(walk, operand, exec.state);
    const last = entry.final !== undefined && i === plain.length - 1 && plain.length > 1;
    describeWord(
      exec,
      last && entry.final !== undefined ? entry.final : (shifted[Math.min(i, shifted.length - 1)] ?? "text"),
      operand,
      tree,
    );
  }
  const needed = (shifted.length === kinds.length ? kinds.length : shifted.length) > 1 && shifted.length === kinds.length ? 1 : 0;
  if (
    entry.absent !== undefined &&
    plain.length <= needed &&
    (entry.absent !== "tree" || tree || entry.recursive === undefined)
  ) {
    describeWord(exec, entry.absent, { span, source: ".", known: "text", text: "." }, tree);
  }
  if (entry.runs !== undefined && operands.length > entry.runs) {
    describeCommand(walk, operands.slice(entry.runs), exec.state, span, exec.input);
  }
  const names = options.map((option) => option.name);
  const has = (listed: string) => listed.split(" ").some((name) => names.includes(name));
  if (entry.creates !== undefined && (entry.creates === "always" || !has(entry.creates)))
    walk.file("file:write", { span, source: ".", known: "text", text: "." }, exec.state, true);
  if (entry.signals !== undefined && (entry.signals === "always" || has(entry.signals))) signal(exec);
  if (entry.escalates === true)
    walk.emit({ action: "privilege:escalate", resource: { kind: "program", program: exec.name }, span });
  if (entry.door !== undefined) walk.opaque(`\`${exec.name}\`: ${entry.door}`, span);
  if (takesScreen(entry, names, whole.subcommands === undefined ? plain.length : head.operands.length)) {
    interactive(exec);
    if (entry.keysSignal !== undefined && (entry.keysSignal === "always" || !has(entry.keysSignal))) signal(exec, "");
  }
}

/** `-f=FILE`: programs written in Go leave the `=` out, others do not. */
function withoutEquals(value: Argument): Argument | null {
  return value.known === "text" && value.text.startsWith("=") ? { ...value, text: value.text.slice(1) } : null;
}

/** What an option turns a program into when it then only shows; any other option wins over it. */
const LOOKS: ReadonlySet<string> = new Set(["list", "look"]);

const subcommands = new WeakMap<ProgramEntry, Map<ProgramEntry, ProgramEntry>>();

function merged(whole: ProgramEntry, own: ProgramEntry | undefined): ProgramEntry {
  if (own === undefined) return whole;
  const known = subcommands.get(whole) ?? new Map<ProgramEntry, ProgramEntry>();
  subcommands.set(whole, known);
  const found = known.get(own);
  if (found !== undefined) return found;
  const entry = {
    ...whole,
    ...own,
    becomes: { ...(whole.globalsFirst === true ? {} : whole.becomes), ...own.becomes },
    values: { ...whole.values, ...own.values },
  };
  known.set(own, entry);
  return entry;
}

function changes(entry: ProgramEntry, word: Argument): boolean {
  const text =
    word.known === "text" ? word.text : word.known === "pattern" ? word.pattern : word.known === "no" ? word.prefix : "";
  if (entry.operandExempt !== undefined && text.startsWith(entry.operandExempt)) return false;
  return entry.operandHolding === undefined || word.known !== "text" || text.includes(entry.operandHolding);
}

function takesScreen(entry: ProgramEntry, options: readonly string[], operands: number): boolean {
  if (entry.interactive === undefined) return false;
  if (entry.interactive === "always") return true;
  if (entry.interactive === "without-operands") return operands === 0;
  return !options.some((option) => entry.interactive?.split(" ").includes(option));
}

/** It ends, stops or wakes other processes. `name`: empty where it is known only when it runs. */
export function signal(exec: Exec, name = signalIn(exec.words)): void {
  const flags = exec.words.flatMap((word) => (word.known === "text" && word.text.startsWith("-") ? [word.text] : []));
  exec.walk.emit({
    action: "process:signal",
    resource: { kind: "program", program: exec.name },
    span: exec.span,
    context: {
      command: {
        program: exec.name,
        subcommand: "",
        flags,
        arguments: exec.words.flatMap((word) => (word.known === "text" && !word.text.startsWith("-") ? [word.text] : [])),
        unknown: exec.words.some((word) => word.known === "no"),
        signal: name,
      },
    },
  });
}

const SIGNALS: Readonly<Record<string, string>> = {
  1: "HUP",
  2: "INT",
  3: "QUIT",
  6: "ABRT",
  9: "KILL",
  10: "USR1",
  12: "USR2",
  15: "TERM",
  18: "CONT",
  19: "STOP",
};

/** Its name without `SIG`; `TERM` where none is given; empty where it is known only when it runs. */
function signalIn(words: readonly Argument[]): string {
  let found = "TERM";
  for (const [i, word] of words.entries()) {
    if (word.known === "no" && (word.splits || /^-/.test(word.prefix))) return "";
    const text = word.known === "text" ? word.text : "";
    const next = words[i + 1];
    const given = /^(?:-s|-n|--signal)$/.test(text)
      ? next?.known === "text"
        ? next.text
        : ""
      : (/^--signal=(.+)$/.exec(text)?.[1] ?? /^-s?((?:SIG)?[A-Z][A-Z0-9]+|[0-9]+)$/.exec(text)?.[1]);
    if (given === undefined) continue;
    const name = given.toUpperCase().replace(/^SIG/, "");
    found = SIGNALS[name] ?? name;
  }
  return found;
}

export function interactive(exec: Exec): void {
  exec.walk.interactive = true;
  exec.walk.emit({ action: "shell:interactive", resource: { kind: "program", program: exec.name }, span: exec.span });
}

function forSub(entry: ProgramEntry, name: string): ProgramEntry | undefined {
  for (const [names, own] of Object.entries(entry.sub ?? {})) {
    if (
      names
        .split(",")
        .map((one) => one.trim())
        .includes(name)
    )
      return own;
  }
  return undefined;
}
