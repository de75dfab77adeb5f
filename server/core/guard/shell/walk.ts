import type { Case, CompoundList, ParsedScript, Statement, SyntaxNode, Word } from "unbash";
import type { MicroAction } from "../../domain/micro-action.ts";
import type { Span } from "../../domain/span.ts";
import { walkArithmetic } from "./arithmetic.ts";
import { assignedByExpansions } from "./assigns.ts";
import type { Input } from "./command.ts";
import type { EmbeddedSql } from "./embedded.ts";
import { walkPart } from "./expansion.ts";
import { beyondPosix } from "./posix.ts";
import type { Language, ShellWhere } from "./prepared.ts";
import { MAX_BYTES, read } from "./read.ts";
import { walkRedirections } from "./redirection.ts";
import { touching, walkCommand } from "./simple-command.ts";
import { assign, equal, join, mayBeTakenForUnset, type State, taint, type Value, widen } from "./state.ts";
import { isListOfNumbers } from "./substitution.ts";
import { walkTest } from "./test-command.ts";
import { touchPath } from "./touched-path.ts";
import { isHarmless, isHeldByShell, isLocale, isPlain, isPublic } from "./variable.ts";
import { type Argument, expandWord, valuesIn, type WordWalk } from "./word.ts";

/** Statements and lines that are walked. All is done in the gateway's own thread: no text may keep it for long. */
const MOST_STEPS = 600;
/** Each change of a variable makes the others anew. */
const VARIABLES_A_STEP = 100;

/**
 * Walks a parsed text the way a shell would run it and says what each part would do. Every construct of the grammar has
 * a rule here or is opaque; nothing is skipped. Both branches of a condition are walked, loops until nothing new is
 * learnt. INVARIANT (wide): what is described is at least what can happen; where that cannot be said, it is opaque.
 */
export class Walk {
  readonly actions = new Map<string, MicroAction>();
  readonly programs = new Set<string>();
  private readonly writes = new Set<"connection" | "descriptor">();
  /** Node types that were met, for the test that counts them. */
  readonly met: Set<string>;
  readonly where: ShellWhere;
  /** Hears every command with its words, for the test that compares them with those of a real shell. */
  heard: ((line: readonly Argument[]) => void) | null = null;
  /** SQL that clients in the line would send. */
  readonly embedded: EmbeddedSql[] = [];
  /** Variables that the command at hand alone is given; null: with a value that is not known. */
  prefixed: ReadonlyMap<string, string | null> = new Map();
  changesDirectory = false;
  background = false;
  interactive = false;
  /** Commands within commands: `sudo env nice …`. */
  wrapped = 0;
  private read = 0;
  private depth = 0;
  private effort = 0;
  /** Variables that expansions give values to, at moments that are not followed. */
  private readonly assigned = new Set<string>();
  /** Whose the text is that is being walked. */
  language: Language;
  /** Set while a text within the text is walked: its own positions mean nothing to the reader. */
  private outer: Span | null = null;
  /** Standard input of the loop or group that is being walked; commands in it read the same. */
  shared: Input = null;
  /** What the command that was walked last surely prints; null: not known. */
  printed: Input = null;
  /** The next command prints the environment to one that shows public names of it alone. */
  publicEnvironment = false;

  constructor(where: ShellWhere, met: Set<string> = new Set()) {
    this.where = where;
    this.language = where.language ?? "bash";
    this.met = met;
  }

  span(from: number, to: number): Span {
    return this.outer ?? [from, to];
  }

  emit(action: MicroAction): void {
    const { span: _, ...rest } = action;
    const key = JSON.stringify(rest);
    if (!this.actions.has(key)) this.actions.set(key, action);
  }

  opaque(what: string, span: Span): void {
    this.emit({ action: "shell:opaque", resource: { kind: "opaque", what }, span });
  }

  /** A variable that changes how programs or the shell itself behave. */
  setting(name: string, span: Span): void {
    this.emit({ action: "shell:opaque", resource: { kind: "setting", name }, span });
  }

  /** A text that opens a connection and writes to a descriptor by its number may say anything to whoever answers. */
  mayWriteTo(what: "connection" | "descriptor", span: Span): void {
    this.writes.add(what);
    if (this.writes.size > 1) this.opaque("what is written to a connection", span);
  }

  program(name: string): void {
    this.programs.add(name);
  }

  /** {@link touchPath} */
  file(action: "file:read" | "file:write" | "file:delete", argument: Argument, state: State, tree = false): void {
    touchPath(this, action, argument, state, tree);
  }

  /** A script held in a text: `sh -c`, `eval`, a trap. Positions in it are those of `span`. `language`: as around it. */
  text(text: string, span: Span, state: State, language: Language = this.language): State {
    this.read += text.length;
    const result = this.depth > 8 || this.read > 2 * MAX_BYTES ? null : read(text);
    if (result === null || "refusal" in result) {
      this.opaque(result === null ? "a text nested too deep" : `a text that ${result.refusal.message}`, span);
      return taint(state);
    }
    const { outer, language: before } = this;
    this.outer = span;
    this.language = language;
    this.depth++;
    const after = this.script(result.script, state);
    this.depth--;
    this.language = before;
    this.outer = outer;
    return after;
  }

  /** False: so much was walked that the rest is opaque. What a line costs grows with the words that it may have. */
  spend(steps: number): boolean {
    this.effort += steps;
    return this.effort <= MOST_STEPS;
  }

  script(script: ParsedScript, state: State): State {
    this.meet(script);
    if (this.language === "sh") {
      const strange = beyondPosix(script);
      if (strange !== null) this.opaque(`${strange.what} in a text for \`sh\``, this.span(strange.pos, strange.end));
    }
    let now = state;
    for (const name of assignedByExpansions(script)) {
      this.assigned.add(name);
      // A turn of a loop before it knows of it too.
      now = assign(now, name, null);
    }
    return this.statements(script.commands, now);
  }

  private list(list: CompoundList, state: State): State {
    this.meet(list);
    return this.statements(list.commands, state);
  }

  private statements(statements: readonly Statement[], state: State): State {
    let now = state;
    for (const statement of statements) {
      this.meet(statement);
      if (!this.spend(1)) {
        this.opaque("a text with too many steps", this.span(statement.pos, statement.end));
        return taint(now);
      }
      if (statement.background === true) {
        this.background = true;
        this.node(statement.command, now);
      } else {
        // A `cd` may fail and the next statement runs all the same: the old directory stays possible.
        const after = this.node(statement.command, now);
        now = { ...after, cwds: join(now, after).cwds };
      }
    }
    return now;
  }

  meet(node: { readonly type: string }): void {
    this.met.add(node.type);
  }

  private node(node: SyntaxNode, state: State, input: Input = null): State {
    this.meet(node);
    const span = this.span(node.pos, node.end);
    switch (node.type) {
      case "Command":
        return walkCommand(this, node, state, input);
      case "Pipeline": {
        for (const prefix of node.prefixes) this.meet(prefix);
        if (node.commands.length === 1 && node.commands[0] !== undefined) return this.node(node.commands[0], state, input);
        let given: Input = input;
        for (const [i, command] of node.commands.entries()) {
          this.printed = null;
          this.publicEnvironment = i === 0 && showsPublicNames(node.commands);
          this.sharing(given, () => this.node(command, state, given));
          this.publicEnvironment = false;
          const plain = command.type === "Command" && command.name?.text === "echo" && command.redirects.length === 0;
          given = (plain ? this.printed : null) ?? "pipe";
        }
        this.printed = null;
        return state;
      }
      case "AndOr": {
        let now = state;
        let possible = state;
        for (const [i, command] of node.commands.entries()) {
          const operator = i === 0 ? null : node.operators[i - 1];
          if (operator === "||") now = possible;
          now = this.node(command, now);
          possible = operator === null || operator === undefined ? join(state, now) : join(possible, now);
        }
        return possible;
      }
      case "Redirected": {
        const stdin = walkRedirections(this, node.redirects, state);
        const given = stdin.input ?? input;
        return this.sharing(given, () => this.node(node.command, stdin.state, given));
      }
      case "Subshell":
        this.list(node.body, state);
        return state;
      case "BraceGroup":
        return this.list(node.body, state);
      case "If": {
        const asked = this.list(node.clause, state);
        let end = this.list(node.then, asked);
        let other = asked;
        for (const branch of node.elif) {
          this.meet(branch);
          other = this.list(branch.clause, other);
          end = join(end, this.list(branch.then, other));
        }
        return join(end, node.else === undefined ? other : this.list(node.else, other));
      }
      case "While":
        return this.loop(state, (turn) => this.list(node.body, this.list(node.clause, turn)));
      case "For": {
        touching(this, node.wordlist ?? []);
        const values = node.wordlist?.flatMap((word) => this.words(word, state));
        const numbers = state.plainSplitting && node.wordlist?.length === 1 && isListOfNumbers(node.wordlist[0]);
        const value = values === undefined ? null : numbers ? "integer" : valueOfList(values);
        return this.loop(state, (turn) => this.list(node.body, this.set(turn, node.name.value, value, span)));
      }
      case "Select": {
        for (const word of node.wordlist ?? []) this.words(word, state);
        return this.loop(state, (turn) =>
          this.list(node.body, this.set(this.set(turn, node.name.value, null, span), "REPLY", null, span)),
        );
      }
      case "ArithmeticFor": {
        let now = state;
        for (const part of [node.initialize, node.test]) if (part !== undefined) now = walkArithmetic(this, part, now);
        return this.loop(now, (turn) => {
          let end = this.list(node.body, turn);
          for (const part of [node.update, node.test]) if (part !== undefined) end = walkArithmetic(this, part, end);
          return end;
        });
      }
      case "Case":
        return this.caseOf(node, state);
      case "TestCommand":
        return walkTest(this, node.expression, state);
      case "ArithmeticCommand":
        if (node.expression === undefined && node.body.trim() !== "") this.opaque(`arithmetic \`${node.body.trim()}\``, span);
        return node.expression === undefined ? state : walkArithmetic(this, node.expression, state);
      case "Function": {
        this.opaque(`definition of the function \`${node.name.value}\``, span);
        const inside: State = { ...state, positional: null, functions: new Set([...state.functions, node.name.value]) };
        this.node(node.body, taint({ ...inside, cwds: state.cwds }));
        this.node(node.body, inside);
        return inside;
      }
      case "Coproc":
        this.node(node.body, state);
        this.opaque("a coprocess", span);
        return this.set(state, node.name?.value ?? "COPROC", null, span);
      case "CompoundList":
        return this.list(node, state);
      default:
        this.opaque(`\`${node.type}\`, for which there is no rule`, span);
        return taint(state);
    }
  }

  private sharing<T>(input: Input, walk: () => T): T {
    const before = this.shared;
    // Of a text that several commands read in turn none gets the whole.
    this.shared = input === null ? before : input === "pipe" ? "pipe" : "unknown";
    const result = walk();
    this.shared = before;
    return result;
  }

  /** No turn, one, or many: until nothing new is learnt; what still moves then is unknown. */
  private loop(state: State, turn: (state: State) => State): State {
    let now = state;
    for (let i = 0; i < 3; i++) {
      const next = join(now, turn(now));
      if (equal(next, now)) return now;
      now = next;
    }
    const last = widen(now, join(now, turn(now)));
    return join(last, turn(last));
  }

  private caseOf(node: Case, state: State): State {
    this.words(node.word, state, "assignment");
    let end = state;
    for (const item of node.items) {
      this.meet(item);
      for (const pattern of item.pattern) this.words(pattern, state, "assignment");
      end = join(end, this.list(item.body, end));
    }
    return end;
  }

  words(word: Word, state: State, mode: "argument" | "assignment" = "argument"): readonly (readonly Argument[])[] {
    this.meet(word);
    return expandWord(word, this.wordWalk(state), mode);
  }

  private wordWalk(state: State): WordWalk {
    return {
      state,
      meet: (part) => this.meet(part),
      lookUp: (name) => this.lookUp(name, state),
      visit: (part) => walkPart(this, part, state),
      span: (from, to) => this.span(from, to),
    };
  }

  /** A variable of the shell gets a value: most only hold it, some change what the shell or programs do. */
  set(state: State, name: string, value: Value, span: Span): State {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      this.opaque(`variable name \`${name}\``, span);
      return taint(state);
    }
    if (!this.spend(state.variables.size / VARIABLES_A_STEP)) {
      this.opaque("a text with too many steps", span);
      return taint({ ...state, variables: new Map() });
    }
    const held = isLocale(name) ? !isPlainAlways(name, value) : isHeldByShell(name) && !isHarmless(name);
    if (held || (Object.hasOwn(this.where.environment, name) && !isPlain(name, null))) this.setting(name, span);
    return assign(state, name, isHeldByShell(name) && name !== "HOME" ? null : value);
  }

  lookUp(name: string, state: State): Value {
    if (this.assigned.has(name)) return null;
    const value = state.variables.get(name);
    if (value !== undefined) return value;
    if (state.tainted) return null;
    if (/^[?$#]$/.test(name)) return "integer";
    if (name === "!") return "digits";
    if (/^[0-9]+$/.test(name) && name !== "0") {
      if (state.positional === null) return null;
      return [{ text: state.positional[Number(name) - 1] ?? "", pattern: false }];
    }
    if ((name === "@" || name === "*") && state.positional !== null && state.positional.length <= 1) {
      return [{ text: state.positional[0] ?? "", pattern: false }];
    }
    if (name === "HOME") return [{ text: this.where.home, pattern: false }];
    if (name === "USER" || name === "LOGNAME") return [{ text: this.where.user, pattern: false }];
    if (name === "PWD" && state.cwds?.length === 1) return [{ text: state.cwds[0] ?? "", pattern: false }];
    if (["UID", "EUID", "PPID", "RANDOM", "SECONDS", "LINENO", "BASHPID", "SHLVL"].includes(name)) return "integer";
    if (name === "EPOCHSECONDS") return "digits";
    if (Object.hasOwn(this.where.environment, name)) return [{ text: this.where.environment[name] ?? "", pattern: false }];
    return mayBeTakenForUnset(state, name) ? [{ text: "", pattern: false }] : null;
  }

  nested(script: ParsedScript, state: State, at: Span | null): void {
    if (++this.depth > 30) {
      this.opaque("commands nested too deep", this.span(script.pos, script.end));
      return;
    }
    const before = this.outer;
    if (at !== null) this.outer ??= at;
    this.script(script, state);
    this.outer = before;
    this.depth--;
  }
}

/** Whatever of its values it has. */
function isPlainAlways(name: string, value: Value): boolean {
  return Array.isArray(value) && value.every(({ text, pattern }) => !pattern && isPlain(name, text));
}

/** `env | grep -i path`: of the environment only names that everyone may see, with their values. */
function showsPublicNames(commands: readonly SyntaxNode[]): boolean {
  const [first, second] = commands;
  if (first?.type !== "Command" || second?.type !== "Command") return false;
  if (!/^(env|printenv)$/.test(first.name?.text ?? "") || first.suffix.length + first.prefix.length > 0) return false;
  if (second.name?.text !== "grep" || second.prefix.length > 0 || second.redirects.length > 0) return false;
  const words = second.args.map((part) => part.text);
  const options = words.slice(0, -1);
  const name = /^(['"]?)\^?([A-Za-z_]+)=?\1$/.exec(words.at(-1) ?? "")?.[2];
  return name !== undefined && isPublic(name.toUpperCase()) && options.every((word) => /^-[iEFw]+$/.test(word));
}

function valueOfList(alternatives: readonly (readonly Argument[])[]): Value {
  const fields = alternatives.flat();
  if (fields.some((field) => field.known === "no" || field.known === "pipe")) return null;
  return valuesIn(fields.map((field) => [field]));
}
