import type { Span } from "../../domain/span.ts";
import { describeCommand, describeProgram, type Exec, emitExec } from "./command.ts";
import { absolute } from "./path.ts";
import { fills, isName } from "./reading.ts";
import { join, type State, taint, type Value } from "./state.ts";
import { isLocale, isPlain } from "./variable.ts";
import type { Argument } from "./word.ts";

type Builtin = (exec: Exec) => State;

const nothing: Builtin = (exec) => exec.state;
const program: Builtin = (exec) => {
  describeProgram(exec);
  return exec.state;
};

/** Changes what later words of the line mean, in ways that are not followed. */
const opaque =
  (what: string): Builtin =>
  (exec) => {
    exec.walk.opaque(what, exec.span);
    return taint(exec.state);
  };

/** What is printed is known where the words are, and no escape is in them that other shells decode. */
const echo: Builtin = (exec) => {
  describeProgram(exec);
  const [first] = exec.words;
  const texts = exec.words.map((word) => (word.known === "text" && !word.text.includes("\\") ? word.text : null));
  if (!texts.includes(null) && !/^-/.test(texts[0] ?? "")) {
    const span: Span = first === undefined ? exec.span : [first.span[0], exec.words.at(-1)?.span[1] ?? first.span[1]];
    exec.walk.printed = { text: `${texts.join(" ")}\n`, span };
  }
  return exec.state;
};

const test: Builtin = (exec) => {
  // `-v 'a[$(command)]'` runs the command.
  for (const word of exec.words) {
    if (
      word.known === "text"
        ? /^\w+\[/.test(word.text)
        : word.known === "no" && exec.words.some((other) => other.known === "text" && /^-[vR]$/.test(other.text))
    ) {
      exec.walk.opaque(`test on \`${word.source}\``, word.span);
    }
  }
  return exec.state;
};

function cd(exec: Exec): State {
  const { walk, state } = exec;
  walk.changesDirectory = true;
  const operands = exec.words.filter(
    (word) => !(word.known === "text" && /^-[LPe@]+$/.test(word.text)) && !(word.known === "text" && word.text === "--"),
  );
  const cdpath = state.variables.has("CDPATH");
  const [target] = operands;
  if (operands.length > 1 || cdpath) {
    walk.opaque(`\`${exec.name}\` to a directory that is known only when it runs`, exec.span);
    return { ...state, cwds: null };
  }
  const text =
    target === undefined ? (exec.name === "cd" ? walk.where.home : null) : target.known === "text" ? target.text : null;
  if (text === null || text === "-" || /^[+-][0-9]+$/.test(text)) return { ...state, cwds: null };
  if (text === "") return state;
  const cwds = text.startsWith("/") ? ["/"] : state.cwds;
  if (cwds === null) return { ...state, cwds: null };
  const reached: string[] = [];
  for (const cwd of cwds) {
    const path = absolute(text, cwd);
    if (path === null) return { ...state, cwds: null };
    reached.push(path);
    const physical = walk.where.physical?.get(path);
    if (physical !== undefined && physical !== path) reached.push(physical);
  }
  return { ...state, cwds: reached };
}

/** `export`, `declare` and their like. An integer's value is arithmetic and a list's is words: both run substitutions. */
const declare: Builtin = (exec) => {
  const { walk } = exec;
  let state = exec.state;
  const options = exec.words.filter((word) => word.known === "text" && /^[-+][A-Za-z]+$/.test(word.text));
  const rest = exec.words.filter((word) => !options.includes(word));
  const letters = options.map((word) => (word.known === "text" ? word.text : "")).join("");
  // An attribute (`-l`, `-i`, `-n`) changes what each later assignment means.
  if (exec.name === "readonly" || /[rnfiluc]/.test(letters)) {
    walk.opaque(`\`${exec.name}${letters === "" ? "" : ` ${letters}`}\``, exec.span);
    state = taint(state);
  }
  if (rest.length === 0) walk.opaque(`\`${exec.name}\` prints the environment`, exec.span);
  for (const word of rest) {
    const assigned = word.known === "text" ? /^([A-Za-z_]\w*)(\+?)=([\s\S]*)$/.exec(word.text) : null;
    const name = assigned?.[1] ?? (isName(word) ? word.text : null);
    if (name === null) {
      const prefix =
        word.known === "no"
          ? /^([A-Za-z_]\w*)\+?=$/.exec(word.prefix)?.[1]
          : word.known === "pattern"
            ? /^([A-Za-z_]\w*)=/.exec(word.pattern)?.[1]
            : undefined;
      if (prefix === undefined) {
        walk.opaque(`\`${exec.name} ${word.source}\``, word.span);
        state = taint(state);
        continue;
      }
      // Of what is a list already too.
      if (/[aA]/.test(letters) || walk.lookUp(prefix, state) === null) walk.opaque(`\`${exec.name} ${word.source}\``, word.span);
      if (exports(exec.name, letters) && !isPlain(prefix, null)) walk.setting(prefix, word.span);
      state = walk.set(state, prefix, null, word.span);
      continue;
    }
    if (exports(exec.name, letters) && !isPlain(name, assigned?.[3] ?? "")) walk.setting(name, word.span);
    if (assigned?.[3]?.startsWith("(") === true) {
      walk.opaque(`\`${exec.name} ${word.source}\``, word.span);
      state = taint(state);
      continue;
    }
    if (assigned !== null) {
      const plain = assigned[2] === "" && !/[iulc]/.test(letters);
      state = walk.set(state, name, plain ? [{ text: assigned[3] ?? "", pattern: false }] : null, word.span);
    } else if (letters !== "" && exec.name !== "export") state = walk.set(state, name, null, word.span);
  }
  // `local` outside of a function, and an option that there is none of, change nothing.
  return exec.name === "local" || letters !== "" ? join(exec.state, state) : state;
};

function exports(name: string, letters: string): boolean {
  return name === "export" || letters.includes("x");
}

const evaluate: Builtin = (exec) => {
  const words = exec.words.filter((word, i) => !(i === 0 && word.known === "text" && word.text === "--"));
  if (words.some((word) => word.known !== "text")) {
    exec.walk.opaque("`eval` of a text that is known only when it runs", exec.span);
    return taint(exec.state);
  }
  return exec.walk.text(words.map((word) => (word.known === "text" ? word.text : "")).join(" "), exec.span, exec.state);
};

const source: Builtin = (exec) => {
  const [file] = exec.words;
  if (file === undefined) return exec.state;
  if (
    file.known === "text" &&
    /^\/dev\/(stdin|fd\/0)$/.test(file.text) &&
    typeof exec.input === "object" &&
    exec.input !== null
  ) {
    exec.walk.text(exec.input.text, exec.input.span, exec.state);
    return taint(exec.state);
  }
  exec.walk.file("file:read", file, exec.state);
  exec.walk.opaque(`script \`${file.source}\``, file.span);
  return taint(exec.state);
};

/** `command`, `builtin`, `exec`: the rest is a command. */
const prefix: Builtin = (exec) => {
  let i = 0;
  for (; i < exec.words.length; i++) {
    const word = exec.words[i] as Argument;
    if (word.known !== "text" || !word.text.startsWith("-")) break;
    if (word.text === "--") {
      i++;
      break;
    }
    if (exec.name === "command" && /[vV]/.test(word.text)) return exec.state;
    // In an empty environment a pager is not in its secure mode.
    if (exec.name === "exec" && word.text.includes("c")) exec.walk.setting("LESSSECURE", word.span);
    if (exec.name === "exec" && /a$/.test(word.text)) i++;
  }
  const rest = exec.words.slice(i);
  return describeCommand(exec.walk, rest, exec.state, exec.span, exec.input);
};

/** An alias makes its line opaque in any case. */
const MOST_ALIASES = 32;

const alias: Builtin = (exec) => {
  const aliases = new Map(exec.state.aliases);
  for (const word of exec.words) {
    const definition = word.known === "text" ? /^([^=]+)=([\s\S]*)$/.exec(word.text) : null;
    if (definition !== null && aliases.size < MOST_ALIASES) aliases.set(definition[1] ?? "", definition[2] ?? "");
  }
  if (exec.words.length > 0) exec.walk.opaque("an alias, which changes the meaning of later words", exec.span);
  return { ...exec.state, aliases };
};

const trap: Builtin = (exec) => {
  const words = exec.words.filter((word) => !(word.known === "text" && word.text === "--"));
  const [action] = words;
  if (action === undefined || (action.known === "text" && /^(-|-[lp]|)$/.test(action.text))) return exec.state;
  if (action.known === "text") exec.walk.text(action.text, action.span, taint({ ...exec.state, positional: null }));
  else exec.walk.opaque(`trap \`${action.source}\``, action.span);
  // At the end nothing of the line follows; any other may run before each command, and set what its words are made of.
  const atEnd = words.slice(1).every((word) => word.known === "text" && /^(EXIT|SIGEXIT|0)$/i.test(word.text));
  return atEnd ? exec.state : taint(exec.state);
};

const completion: Builtin = (exec) => {
  for (let i = 0; i < exec.words.length; i++) {
    const word = exec.words[i] as Argument;
    if (word.known === "text" && /^-[A-Za-z]*C/.test(word.text)) {
      const attached = word.text.replace(/^-[A-Za-z]*?C/, "");
      const value = attached === "" ? exec.words[i + 1] : { ...word, text: attached };
      if (value?.known === "text") exec.walk.text(value.text, value.span, exec.state);
    }
  }
  exec.walk.opaque(`\`${exec.name}\`, which can run commands`, exec.span);
  return exec.state;
};

const set: Builtin = (exec) => {
  if (exec.words.length === 0) {
    exec.walk.opaque("`set` prints all variables", exec.span);
    return exec.state;
  }
  const first = exec.words[0] as Argument;
  if (first.known === "text" && /^[-+][euxCf]+$/.test(first.text) && exec.words.length === 1) return exec.state;
  if (first.known === "text" && first.text === "-o" && exec.words.length === 2) {
    const name = exec.words[1] as Argument;
    if (name.known === "text" && /^(pipefail|errexit|nounset|xtrace|noclobber|noglob)$/.test(name.text)) return exec.state;
  }
  if (first.known === "text" && first.text === "--") {
    const rest = exec.words.slice(1);
    return {
      ...exec.state,
      positional: rest.every((word) => word.known === "text")
        ? rest.map((word) => (word.known === "text" ? word.text : ""))
        : null,
    };
  }
  exec.walk.opaque(`\`set ${first.source}\``, exec.span);
  return taint(exec.state);
};

const UNSET: Value = [{ text: "", pattern: false }];
const unset: Builtin = (exec) => {
  let state = exec.state;
  for (const word of exec.words) {
    if (word.known === "text" && /^-[fvn]$/.test(word.text)) continue;
    // Without a locale there is the gateway's own.
    if (isName(word)) state = exec.walk.set(state, word.text, isLocale(word.text) ? UNSET : null, word.span);
    else {
      exec.walk.opaque(`\`unset ${word.source}\``, word.span);
      state = taint(state);
    }
  }
  return state;
};

const letBuiltin: Builtin = (exec) => {
  for (const word of exec.words) exec.walk.opaque(`arithmetic on \`${word.source}\``, word.span);
  return taint(exec.state);
};

const printf: Builtin = (exec) => {
  const [first, name] = exec.words;
  if (first?.known === "text" && first.text.startsWith("-v")) {
    const target = first.text === "-v" ? name : { ...first, text: first.text.slice(2) };
    emitExec(exec, { subcommand: "", flags: ["-v"], operands: [] });
    if (target !== undefined && isName(target)) return exec.walk.set(exec.state, target.text, null, target.span);
    exec.walk.opaque("`printf -v` to a name that is known only when it runs", exec.span);
    return taint(exec.state);
  }
  if (first !== undefined && first.known !== "text" && (first.known !== "no" || first.prefix === "")) {
    // An unknown first word may be `-v`.
    if (first.known === "no" && first.splits) {
      exec.walk.opaque(`word \`${first.source}\` of \`printf\``, first.span);
      return taint(exec.state);
    }
  }
  describeProgram(exec);
  return exec.state;
};

const wait: Builtin = (exec) =>
  exec.words.some((word) => word.known === "text" && word.text.startsWith("-p"))
    ? opaque("`wait -p`, which sets a variable")(exec)
    : exec.state;

const jobs: Builtin = (exec) => {
  // `jobs -x` runs the rest.
  const at = exec.words.findIndex((word) => word.known !== "text" || !/^-[lnprs]+$/.test(word.text));
  const word = exec.words[at];
  if (word === undefined || (word.known === "text" && /^%/.test(word.text))) return exec.state;
  if (word.known === "text" && word.text === "-x")
    return describeCommand(exec.walk, exec.words.slice(at + 1), exec.state, exec.span, exec.input);
  exec.walk.opaque(`\`jobs ${word.source}\``, word.span);
  return taint(exec.state);
};

const hash: Builtin = (exec) =>
  exec.words.length === 0 || exec.words.every((word) => word.known === "text" && /^-[rlt]+$/.test(word.text))
    ? exec.state
    : opaque("`hash`, which changes which program a name means")(exec);

const reads: Builtin = (exec) => {
  // Without operands they print; with any they change the shell's limits or the mask of new files.
  const changes = exec.words.some((word) => word.known !== "text" || !/^-[SHa-zA-Z]+$/.test(word.text));
  if (changes) exec.walk.opaque(`\`${exec.name}\` changes the limits of what follows`, exec.span);
  return exec.state;
};

/** What bash does itself. What has no rule here is a program. */
export const BUILTINS: Readonly<Record<string, Builtin>> = {
  ":": nothing,
  true: nothing,
  false: nothing,
  break: nothing,
  continue: nothing,
  return: nothing,
  exit: nothing,
  logout: nothing,
  times: nothing,
  dirs: nothing,
  jobs,
  caller: nothing,
  type: nothing,
  help: nothing,
  shift: (exec) => ({ ...exec.state, positional: null }),
  echo,
  pwd: program,
  kill: program,
  printf,
  test,
  "[": test,
  cd,
  pushd: cd,
  popd: (exec) => {
    exec.walk.changesDirectory = true;
    return { ...exec.state, cwds: null };
  },
  export: declare,
  declare,
  typeset: declare,
  local: declare,
  readonly: declare,
  unset,
  read: fills(/^-[a-z]*[adinNptu]$/),
  mapfile: fills(/^-[a-z]*[dnOsuCc]$/),
  readarray: fills(/^-[a-z]*[dnOsuCc]$/),
  getopts: fills(/^$/),
  eval: evaluate,
  source,
  ".": source,
  command: prefix,
  builtin: prefix,
  exec: prefix,
  alias,
  unalias: (exec) => ({ ...exec.state, aliases: new Map() }),
  trap,
  complete: completion,
  compgen: completion,
  compopt: opaque("`compopt`"),
  set,
  shopt: opaque("`shopt`, which changes how the line is read"),
  let: letBuiltin,
  wait,
  hash,
  ulimit: reads,
  umask: reads,
  bind: opaque("`bind`, which can run commands"),
  enable: opaque("`enable`, which changes what a name means"),
  fc: opaque("`fc`, which runs earlier commands"),
  history: opaque("`history`"),
  disown: opaque("`disown`: a program that outlives the line"),
  suspend: opaque("`suspend`"),
  fg: opaque("`fg`"),
  bg: opaque("`bg`"),
  coproc: opaque("a coprocess"),
};
