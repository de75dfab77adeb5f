import { CATALOGUE } from "../catalogue.generated.ts";
import type { ProgramEntry } from "../catalogue-schema.ts";
import { describeCommand, describeProgram, type Exec, emitExec } from "../command.ts";
import { connect, describeWord, runText } from "../meaning.ts";
import { readLine } from "../options.ts";
import { describeEntry, interactive, signal } from "../program.ts";
import { assign, child } from "../state.ts";
import { isPlain } from "../variable.ts";
import type { Argument } from "../word.ts";

function entryOf(name: string): ProgramEntry {
  return CATALOGUE[name] ?? {};
}

/** `env [-i] [-u NAME] [NAME=VALUE]… [COMMAND]`. */
export function environment(exec: Exec): void {
  const { walk } = exec;
  const line = readLine(
    {
      short: "i0u:C:S:v",
      long: "ignore-environment null unset= chdir= split-string= debug block-signal=? default-signal=? ignore-signal=? list-signal-handling argv0= help version",
    },
    exec.words,
    true,
  );
  const rest = [...line.operands];
  let state = exec.state;
  for (const option of line.options) {
    if (/^(-S|--split-string)$/.test(option.name) && option.value !== null) runText(exec, option.value);
    else if (/^(-C|--chdir)$/.test(option.name))
      state = {
        ...state,
        cwds: option.value?.known === "text" && option.value.text.startsWith("/") ? [option.value.text] : null,
      };
    else if (/^(-i|--ignore-environment)$/.test(option.name)) walk.setting("LESSSECURE", exec.span);
    else if (/^(-u|--unset)$/.test(option.name)) {
      if (option.value?.known !== "text") walk.opaque("`env -u` of a name that is known only when it runs", exec.span);
      else if (!isPlain(option.value.text, "")) walk.setting(option.value.text, option.value.span);
    } else if (!option.listed) walk.opaque(`option \`${option.name}\` of \`env\`, which is not known`, exec.span);
  }
  for (const word of line.unsure) walk.opaque(`word \`${word.source}\` of \`env\`, which may be a command`, word.span);
  while (rest[0] !== undefined) {
    const word = rest[0];
    const text =
      word.known === "text" ? word.text : word.known === "no" ? word.prefix : word.known === "pattern" ? word.pattern : "";
    const name = /^([^=]+)=/.exec(text)?.[1];
    if (name === undefined) break;
    if (!isPlain(name, word.known === "text" ? text.slice(name.length + 1) : null)) walk.setting(name, word.span);
    walk.prefixed = new Map([...walk.prefixed, [name, null]]);
    state = assign(state, name, null);
    rest.shift();
  }
  emitExec(exec, { subcommand: "", flags: line.options.map((option) => option.name), operands: rest.slice(0, 1) });
  if (rest.length === 0) {
    if (!walk.publicEnvironment && !line.options.some((option) => /^(-S|--split-string)$/.test(option.name)))
      walk.opaque("`env` prints the environment", exec.span);
    return;
  }
  // `env` finds programs, never the shell's own words.
  describeCommand(walk, rest, { ...state, functions: new Set(), aliases: new Map() }, exec.span, exec.input);
}

/** `sudo`, `doas`: the command as someone else. */
export function substituteUser(exec: Exec): void {
  const { walk } = exec;
  const line = readLine(
    {
      short: exec.name === "doas" ? "Lnsa:C:u:" : "AbBEeHhiKklnPSsVvC:D:g:p:R:r:t:T:U:u:",
      long: "user= group= login shell non-interactive stdin preserve-env=? list validate edit background askpass set-home chdir= chroot= host= prompt= reset-timestamp remove-timestamp",
    },
    exec.words,
    true,
  );
  const flags = line.options.map((option) => option.name);
  emitExec(exec, { subcommand: "", flags, operands: line.operands });
  walk.emit({ action: "privilege:escalate", resource: { kind: "program", program: exec.name }, span: exec.span });
  for (const option of line.options)
    if (!option.listed) walk.opaque(`option \`${option.name}\` of \`${exec.name}\`, which is not known`, exec.span);
  for (const word of line.unsure) walk.opaque(`word \`${word.source}\` of \`${exec.name}\`, which may be a command`, word.span);
  const rest = [...line.operands];
  // Who it is then, and what of the environment is left, is not followed.
  walk.prefixed = new Map([...walk.prefixed, ["USER", null], ["PGDATABASE", null]]);
  while (rest[0]?.known === "text" && /^[A-Za-z_]\w*=/.test(rest[0].text)) {
    walk.setting(rest[0].text.split("=")[0] ?? "", rest[0].span);
    rest.shift();
  }
  if (flags.some((flag) => /^(-e|--edit)$/.test(flag))) for (const word of rest) walk.file("file:write", word, exec.state);
  else if (rest.length > 0) describeCommand(walk, rest, exec.state, exec.span, exec.input);
  else if (flags.some((flag) => /^(-s|-i|--shell|--login)$/.test(flag))) {
    walk.opaque(`a shell as someone else`, exec.span);
    interactive(exec);
  }
}

/** `xargs COMMAND`: with arguments that come from its input. */
export function xargs(exec: Exec): void {
  const { walk, span } = exec;
  const line = readLine(
    {
      short: "0rtpxa:d:E:e::I:i::L:l::n:P:s:",
      long: "null no-run-if-empty verbose interactive exit arg-file= delimiter= eof=? replace=? max-lines=? max-args= max-procs= max-chars= show-limits open-tty process-slot-var= help version",
    },
    exec.words,
    true,
  );
  emitExec(exec, { subcommand: "", flags: line.options.map((option) => option.name), operands: line.operands.slice(0, 1) });
  let place: string | null = null;
  for (const option of line.options) {
    if (!option.listed) walk.opaque(`option \`${option.name}\` of \`xargs\`, which is not known`, span);
    if (option.name === "--process-slot-var" && !(option.value?.known === "text" && isPlain(option.value.text, null)))
      walk.setting(option.value?.known === "text" ? option.value.text : "*", span);
    if (/^(-a|--arg-file)$/.test(option.name) && option.value !== null) walk.file("file:read", option.value, exec.state);
    if (/^(-I|-i|--replace)$/.test(option.name))
      place = option.value?.known === "text" && option.value.text !== "" ? option.value.text : "{}";
  }
  for (const word of line.unsure) walk.opaque(`word \`${word.source}\` of \`xargs\`, which may be a command`, word.span);
  const command: readonly Argument[] =
    line.operands.length > 0 ? line.operands : [{ span, source: "echo", known: "text", text: "echo" }];
  const gap = (source: string): Argument => ({
    span,
    source,
    known: "no",
    why: "comes from the input",
    prefix: "",
    splits: place === null,
  });
  const mark = place;
  const words =
    mark === null
      ? [...command, gap("arguments from the input")]
      : command.map((word) =>
          word.known === "text" && word.text.includes(mark)
            ? { ...gap(word.source), prefix: word.text.slice(0, word.text.indexOf(mark)) }
            : word,
        );
  describeCommand(walk, words, exec.state, span, "unknown");
}

/** `busybox rm …` is `rm …`. */
export function applet(exec: Exec): void {
  emitExec(exec, { subcommand: exec.words[0]?.known === "text" ? exec.words[0].text : "", flags: [], operands: exec.words });
  const [name, ...rest] = exec.words;
  if (name?.known === "text" && !name.text.startsWith("-")) describeProgram({ ...exec, name: name.text, words: rest });
  else if (name !== undefined) exec.walk.opaque(`\`${exec.name} ${name.source}\``, exec.span);
}

/** `watch`: its words are joined and given to a shell again and again, with `-x` they are a command. */
export function watch(exec: Exec): void {
  const { walk } = exec;
  const line = readLine(entryOf("watch"), exec.words, true);
  const flags = line.options.map((option) => option.name);
  emitExec(exec, { subcommand: "", flags, operands: line.operands });
  for (const option of line.options)
    if (!option.listed) walk.opaque(`option \`${option.name}\` of \`watch\`, which is not known`, exec.span);
  for (const word of line.unsure) walk.opaque(`word \`${word.source}\` of \`watch\`, which may be an option`, word.span);
  if (flags.some((flag) => /^(-x|--exec)$/.test(flag))) {
    describeCommand(walk, line.operands, { ...child(exec.state, null), functions: new Set() }, exec.span, null);
    return;
  }
  const texts = line.operands.map((word) => (word.known === "text" ? word.text : null));
  if (texts.includes(null)) walk.opaque("a text for `watch` that is known only when it runs", exec.span);
  else if (texts.length > 0) walk.text(texts.join(" "), line.operands[0]?.span ?? exec.span, child(exec.state, null), "sh");
}

/** `kill -l` lists, `kill -0` asks; everything else sends. Only the first word says so. */
export function kill(exec: Exec): void {
  const [first, ...rest] = exec.words;
  const text = first?.known === "text" ? first.text : "";
  if (/^(-l|-L|--list|--table)$/.test(text)) {
    describeEntry(exec, entryOf("kill"));
    return;
  }
  if (text === "-0" && rest.every((word) => word.known === "text" && /^[0-9]+$/.test(word.text))) {
    emitExec(exec, { subcommand: "check", flags: ["-0"], operands: rest });
    return;
  }
  const { becomes: _, ...entry } = entryOf("kill");
  describeEntry(exec, entry);
  signal(exec);
}

/** What these do depends on their verb: some send signals. */
export function controller(exec: Exec): void {
  describeEntry(exec, entryOf(exec.name));
  const { walk, span } = exec;
  const operands = readLine(entryOf(exec.name), exec.words, false).operands;
  if (exec.name === "service") {
    // It runs the file of that name beside the other scripts, wherever that leads.
    for (const word of operands.slice(0, 1))
      if (word.known !== "text" || /[/]/.test(word.text)) describeWord(exec, "plugin", word, false);
    return;
  }
  const [verb] = operands;
  if (exec.name === "systemctl" && verb?.known === "text" && verb.text === "show") {
    const asked = readLine(entryOf("systemctl"), exec.words, false).options.filter((option) =>
      /^(-p|-P|--property)$/.test(option.name),
    );
    const open = asked.filter((option) => option.value?.known !== "text" || /environ/i.test(option.value.text));
    if (asked.length === 0 || open.length > 0) walk.opaque("`systemctl show` prints the environment of services", span);
  }
  const texts = exec.words.map((word) => (word.known === "text" ? word.text : ""));
  const ends =
    exec.name === "systemctl"
      ? texts.includes("kill")
      : texts.includes("delete") && texts.some((text) => /^(po|pods?)(\/|$)/.test(text));
  if (ends) signal(exec);
}

/** `rpm -qi`: after `-q` or `-V` the letters ask, without them some install. */
export function rpm(exec: Exec): void {
  const { becomes, ...entry } = entryOf("rpm");
  const asks = exec.words.some((word) => word.known === "text" && /^(-[a-z]*[qV]|--query$|--verify$)/.test(word.text));
  // `-p` names files. What is no package is read as a list of packages, and an error shows its lines.
  const files = exec.words.some((word) => word.known === "text" && /^(-[A-Za-z]*p|--package$)/.test(word.text));
  const asking: ProgramEntry = files ? { ...entry, operands: ["names"] } : entry;
  describeEntry(exec, asks ? asking : { ...entry, becomes: becomes ?? {} });
}

/** `yq eval FILTER` is `yq FILTER` in one of the programs of that name. */
export function yq(exec: Exec): void {
  const at = exec.words.findIndex((word) => !(word.known === "text" && word.text.startsWith("-")));
  const first = exec.words[at];
  const evaluates = first?.known === "text" && /^(e|ea|eval|eval-all)$/.test(first.text);
  describeEntry(evaluates ? { ...exec, words: exec.words.filter((_, i) => i !== at) } : exec, entryOf("yq"));
}

/** `printenv NAME…`: names of which the value is no secret. */
export function printenv(exec: Exec): void {
  emitExec(exec, { subcommand: "", flags: [], operands: exec.words });
  const names = exec.words.filter((word) => !(word.known === "text" && /^(-0|--null)$/.test(word.text)));
  if (names.length === 0 && !exec.walk.publicEnvironment) exec.walk.opaque("`printenv` prints the environment", exec.span);
  for (const name of names) describeWord(exec, "variable", name, false);
}

export function dd(exec: Exec): void {
  emitExec(exec, { subcommand: "", flags: [], operands: exec.words });
  for (const word of exec.words) {
    const [, key, value] = word.known === "text" ? (/^(\w+)=([\s\S]*)$/.exec(word.text) ?? []) : [];
    if (key === undefined) exec.walk.opaque(`word \`${word.source}\` of \`dd\``, word.span);
    else if (key === "if" || key === "of")
      exec.walk.file(
        key === "if" ? "file:read" : "file:write",
        { span: word.span, source: word.source, known: "text", text: value ?? "" },
        exec.state,
      );
  }
}

/** `ssh [OPTIONS] HOST [COMMAND]`: the command runs elsewhere, where these policies do not reach. */
export function ssh(exec: Exec): void {
  const { walk } = exec;
  const line = readLine({ short: "46AaCfGgKkMNnqsTtVvXxYyB:b:c:D:E:e:F:I:i:J:L:l:m:O:o:p:P:Q:R:S:W:w:" }, exec.words, true);
  emitExec(exec, { subcommand: "", flags: line.options.map((option) => option.name), operands: line.operands });
  for (const option of line.options) {
    if (!option.listed) walk.opaque(`option \`${option.name}\` of \`ssh\`, which is not known`, exec.span);
    if (option.name === "-o" && option.value !== null) {
      const command =
        option.value.known === "text"
          ? /^\s*(?:proxycommand|localcommand|knownhostscommand|permitlocalcommand|match)\s*[=\s]\s*([\s\S]*)$/i.exec(
              option.value.text,
            )?.[1]
          : undefined;
      if (command !== undefined && option.value.known === "text") runText(exec, { ...option.value, text: command });
      else if (
        option.value.known !== "text" ||
        !/^(StrictHostKeyChecking|ConnectTimeout|BatchMode|LogLevel|ServerAlive\w+|UserKnownHostsFile)\b/i.test(option.value.text)
      )
        walk.opaque(`\`ssh -o ${option.value.source}\``, option.value.span);
    }
    if (/^-[LRDWwJ]$/.test(option.name)) walk.opaque(`\`ssh ${option.name}\` forwards connections`, exec.span);
    if (/^-[FiSE]$/.test(option.name) && option.value !== null)
      walk.file(option.name === "-E" || option.name === "-S" ? "file:write" : "file:read", option.value, exec.state);
    if (option.name === "-I" || option.name === "-F") walk.opaque(`\`ssh ${option.name}\``, exec.span);
  }
  const [host, ...command] = line.operands;
  if (host !== undefined) connect(exec, host);
  if (command.length === 0) {
    interactive(exec);
    walk.opaque("a shell on another host", exec.span);
  } else if (command.every((word) => word.known === "text")) {
    walk.text(command.map((word) => (word.known === "text" ? word.text : "")).join(" "), exec.span, {
      ...exec.state,
      variables: new Map(),
      cwds: null,
      positional: null,
      tainted: true,
    });
    walk.opaque("a command on another host", exec.span);
  } else walk.opaque("a command on another host that is known only when it runs", exec.span);
}

/** `tar`: the first word may be option letters without a dash. */
export function tar(exec: Exec): void {
  const [first, ...rest] = exec.words;
  const bundled = first?.known === "text" && /^[A-Za-z]+$/.test(first.text);
  // `tar cfb FILE BLOCKS`: each letter that takes a value takes the next word, in order.
  const words: Argument[] = [];
  if (bundled && first.known === "text") {
    const queue = [...rest];
    for (const letter of first.text) {
      words.push({ ...first, text: `-${letter}` });
      if (/[fbCXTLHIKNVg]/.test(letter)) {
        const value = queue.shift();
        if (value !== undefined) words.push(value);
      }
    }
    words.push(...queue);
  } else words.push(...exec.words);
  for (const [i, word] of words.entries()) {
    // `exec=COMMAND` among the actions at a checkpoint.
    const action = word.known === "text" ? /^(--checkpoint-action=)?exec=([\s\S]*)$/.exec(word.text) : null;
    if (action !== null && word.known === "text") words[i] = { ...word, text: `${action[1] ?? ""}${action[2] ?? ""}` };
  }
  const line = readLine(entryOf("tar"), words, false);
  const flags = line.options.map((option) => option.name);
  const has = (pattern: RegExp) => flags.some((flag) => pattern.test(flag));
  const mode = has(/^(-x|--extract|--get)$/)
    ? "extract"
    : has(/^(-c|--create|-r|--append|-u|--update|-A|--delete)$/)
      ? "create"
      : "";
  const archive = line.options
    .filter((option) => /^(-f|--file)$/.test(option.name))
    .flatMap((option) => (option.value === null ? [] : [option.value]));
  for (const file of archive) {
    if (file.known === "text" && /^[^/]+:/.test(file.text)) connect(exec, { ...file, text: file.text.split(":")[0] ?? "" });
    else exec.walk.file(mode === "create" ? "file:write" : "file:read", file, exec.state);
  }
  const folder = line.options.findLast((option) => /^(-C|--directory)$/.test(option.name))?.value;
  const state =
    folder === undefined || folder === null
      ? exec.state
      : { ...exec.state, cwds: folder.known === "text" && folder.text.startsWith("/") ? [folder.text] : null };
  describeEntry({ ...exec, words }, { ...entryOf("tar"), operands: [mode === "create" ? "tree" : "text"] });
  if (has(/^(-d|--diff|--compare)$/)) exec.walk.opaque("files that `tar` compares with those of an archive", exec.span);
  if (mode === "create") for (const operand of line.operands) exec.walk.file("file:read", operand, state, true);
  if (mode === "extract" && !has(/^(-O|--to-stdout)$/))
    exec.walk.file("file:write", folder ?? { span: exec.span, source: ".", known: "text", text: "." }, exec.state, true);
}
