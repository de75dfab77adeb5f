import type { ProgramEntry, WordKind } from "./catalogue-schema.ts";
import { describeCommand, type Exec, emitExec } from "./command.ts";
import { looksOutside } from "./filter.ts";
import { forOption, isDangerous, readLine } from "./options.ts";
import type { Argument } from "./word.ts";

/** Describes a program by its entry in the catalogue. */
export function describeEntry(exec: Exec, whole: ProgramEntry): void {
  const { walk, span } = exec;
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
    const own = forSub(whole, subcommand) ?? forSub(whole, one);
    entry =
      own === undefined
        ? whole
        : {
            ...whole,
            ...own,
            becomes: { ...(whole.globalsFirst === true ? {} : whole.becomes), ...own.becomes },
            values: { ...whole.values, ...own.values },
          };
    const rest = readLine(
      entry,
      operands.slice(own === undefined || forSub(whole, subcommand) === undefined ? 1 : subcommand.split(" ").length),
      entry.runs !== undefined,
    );
    options = [...options, ...rest.options];
    operands = rest.operands;
    unsure = [...unsure, ...rest.unsure];
    if (whole.sub !== undefined && own === undefined)
      walk.opaque(`effects of \`${exec.name} ${subcommand}\`, which are not known`, span);
  }
  for (const option of options) {
    const table = head.options.includes(option) ? whole.becomes : entry.becomes;
    subcommand = forOption(table, option.name) ?? subcommand;
  }
  if (entry.operandBecomes !== undefined && operands.some((word) => changes(entry, word))) subcommand = entry.operandBecomes;
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
    if (!option.listed && (entry.open !== true || early))
      walk.opaque(`option \`${option.name}\` of \`${exec.name}\`, which is not known`, span);
    if (option.value !== null) describeWord(exec, forOption(entry.values, option.name) ?? "text", option.value, tree);
    else if (isDangerous(forOption(entry.values, option.name) ?? "text"))
      walk.opaque(`option \`${option.name}\` of \`${exec.name}\``, span);
  }
  const kinds = entry.operands ?? ["text"];
  const shifted = options.some((option) => entry.shifts?.split(" ").includes(option.name)) ? kinds.slice(1) : kinds;
  const plain = entry.runs === undefined ? operands : operands.slice(0, entry.runs);
  for (const [i, operand] of entry.harmless === true ? [] : plain.entries()) {
    const last = entry.final !== undefined && i === plain.length - 1 && plain.length > 1;
    describeWord(
      exec,
      last && entry.final !== undefined ? entry.final : (shifted[Math.min(i, shifted.length - 1)] ?? "text"),
      operand,
      tree,
    );
  }
  const needed = (shifted.length === kinds.length ? kinds.length : shifted.length) > 1 && shifted.length === kinds.length ? 1 : 0;
  if (entry.absent !== undefined && plain.length <= needed && (entry.absent !== "tree" || tree)) {
    describeWord(exec, entry.absent, { span, source: ".", known: "text", text: "." }, tree);
  }
  if (entry.runs !== undefined && operands.length > entry.runs) {
    describeCommand(walk, operands.slice(entry.runs), exec.state, span, exec.input);
  }
  if (entry.escalates === true)
    walk.emit({ action: "privilege:escalate", resource: { kind: "program", program: exec.name }, span });
  if (entry.door !== undefined) walk.opaque(`\`${exec.name}\`: ${entry.door}`, span);
  if (
    takesScreen(
      entry,
      options.map((option) => option.name),
      plain.length,
    )
  )
    interactive(exec);
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

/** What one word does, by what it means to the program. */
export function describeWord(exec: Exec, kind: WordKind, word: Argument, tree: boolean): void {
  const { walk, state } = exec;
  switch (kind) {
    case "text":
      if (word.known === "no" && word.splits) walk.opaque(`word \`${word.source}\` of \`${exec.name}\``, word.span);
      return;
    case "read": {
      walk.file("file:read", word, state, tree);
      return;
    }
    case "list": {
      walk.file("file:read", listed(word), state);
      return;
    }
    case "tree": {
      walk.file("file:read", word, state, true);
      return;
    }
    case "write": {
      walk.file("file:write", word, state, tree);
      return;
    }
    case "delete": {
      walk.file("file:delete", word, state, tree);
      return;
    }
    case "script":
      walk.file("file:read", word, state);
      {
        walk.opaque(`script \`${word.source}\``, word.span);
        return;
      }
    case "program":
      describeCommand(walk, [word], state, word.span, null);
      {
        walk.opaque(`program \`${word.source}\`, run by \`${exec.name}\``, word.span);
        return;
      }
    case "command": {
      runText(exec, word);
      return;
    }
    case "plugin":
      walk.emit({
        action: "shell:exec",
        resource: { kind: "program", program: word.known === "text" ? word.text : "*" },
        span: word.span,
      });
      {
        walk.opaque(`code that \`${exec.name}\` loads`, word.span);
        return;
      }
    case "host": {
      connect(exec, word);
      return;
    }
    case "url": {
      url(exec, word);
      return;
    }
    case "remote": {
      const text = word.known === "text" ? word.text : word.known === "pattern" ? word.pattern : "";
      const host = /^(?:rsync:\/\/)?(?:[^/@:]+@)?([^/:]+):/.exec(text);
      if (host !== null) {
        walk.emit({ action: "network:connect", resource: { kind: "host", host: host[1] ?? "" }, span: word.span });
        return;
      }
      walk.file("file:read", word, state, true);
      return;
    }
    case "database":
      if (word.known !== "text") walk.opaque(`database \`${word.source}\``, word.span);
      else walk.file("file:read", { ...word, text: `/etc/${word.text}` }, state);
      return;
    case "names":
      walk.file("file:read", word, state);
      walk.opaque(`files that are named in \`${word.source}\``, word.span);
      return;
    case "filter":
      if (word.known !== "text" || looksOutside(word.text))
        walk.opaque(`filter \`${word.source}\` of \`${exec.name}\``, word.span);
      return;
    case "process":
      if (word.known === "no") walk.opaque(`process \`${word.source}\``, word.span);
      return;
  }
}

/** `ls *.log` shows names: it reads the folder, and of the files nothing. */
function listed(word: Argument): Argument {
  if (word.known !== "pattern") return word;
  const cut = word.pattern.lastIndexOf("/");
  const folder = cut === -1 ? "." : cut === 0 ? "/" : word.pattern.slice(0, cut);
  const { span, source } = word;
  return /[*?[]/.test(folder) ? { ...word, pattern: folder } : { span, source, known: "text", text: folder };
}

/** A text that a program hands to a shell. */
export function runText(exec: Exec, word: Argument): void {
  const { walk } = exec;
  walk.emit({
    action: "shell:exec",
    resource: { kind: "program", program: "sh" },
    span: word.span,
    context: {
      command: {
        program: "sh",
        subcommand: "",
        flags: ["-c"],
        arguments: word.known === "text" ? [word.text] : [],
        unknown: word.known !== "text",
      },
    },
  });
  if (word.known === "text") walk.text(word.text, word.span, { ...exec.state, positional: null });
  else walk.opaque(`command \`${word.source}\``, word.span);
}

export function connect(exec: Exec, word: Argument): void {
  if (word.known !== "text") {
    exec.walk.opaque(`host \`${word.source}\``, word.span);
    return;
  }
  exec.walk.emit({
    action: "network:connect",
    resource: { kind: "host", host: word.text.replace(/^[^@]*@/, "") },
    span: word.span,
  });
}

export function url(exec: Exec, word: Argument): void {
  const { walk, state } = exec;
  if (word.known !== "text") {
    walk.opaque(`address \`${word.source}\``, word.span);
    return;
  }
  const file = /^file:\/*(\/.*)$/i.exec(word.text);
  if (file !== null) {
    let path = file[1] ?? "";
    try {
      path = decodeURIComponent(path);
    } catch {
      walk.opaque(`address \`${word.source}\``, word.span);
      return;
    }
    walk.file("file:read", { ...word, text: path }, state);
    return;
  }
  if (/^[a-z0-9+.-]*:?\/*[^/]*[{}[\]]/i.test(word.text)) {
    walk.opaque(`address \`${word.source}\``, word.span);
    return;
  }
  const host = /^(?:[a-zA-Z][a-zA-Z0-9+.-]*:\/\/)?(?:[^/@]*@)?(\[[^\]]*\]|[^/:?#]+)/.exec(word.text);
  walk.emit({
    action: "network:connect",
    resource: { kind: "host", host: (host?.[1] ?? word.text).toLowerCase() },
    span: word.span,
  });
}
