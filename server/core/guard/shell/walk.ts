import type {
  ArithmeticExpression,
  Assignment,
  Case,
  Command,
  CompoundList,
  ParameterExpansionPart,
  ParsedScript,
  Redirection,
  Statement,
  SyntaxNode,
  TestExpression,
  Word,
  WordPart,
} from "unbash";
import type { MicroAction } from "../../domain/micro-action.ts";
import type { Span } from "../../domain/span.ts";
import { assignedByExpansions } from "./assigns.ts";
import { describeCommand, type Input } from "./command.ts";
import type { EmbeddedSql } from "./embedded.ts";
import { absolute, isSink, namesOf } from "./path.ts";
import { placeOf, placesBehind } from "./place.ts";
import type { ShellWhere } from "./prepared.ts";
import { MAX_BYTES, read } from "./read.ts";
import { assign, equal, join, mayBeTakenForUnset, type State, taint, type Value, widen } from "./state.ts";
import { shapeOf } from "./substitution.ts";
import { isHarmless, isHeldByShell, isPublic } from "./variable.ts";
import { type Argument, expandWord, valuesIn, type WordWalk } from "./word.ts";

/** Of one command. Nobody types more; substitutions in the rest would go unseen, so all of it is refused as opaque. */
const MOST_WORDS = 800;
/** Statements and lines that are walked. All is done in the gateway's own thread: no text may keep it for long. */
const MOST_STEPS = 600;
const WORDS_A_STEP = 20;
/** Each change of a variable makes the others anew. */
const VARIABLES_A_STEP = 100;
/** A glob is compared with each glob of the policies. */
const STEPS_A_GLOB = 10;
const LONGEST_GLOB = 400;

/**
 * Walks a parsed text the way a shell would run it and says what each part would do. Every construct of the grammar has
 * a rule here or is opaque; nothing is skipped. Both branches of a condition are walked, loops until nothing new is
 * learnt. INVARIANT (wide): what is described is at least what can happen; where that cannot be said, it is opaque.
 */
export class Walk {
  readonly actions = new Map<string, MicroAction>();
  readonly programs = new Set<string>();
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
  /** Set while a text within the text is walked: its own positions mean nothing to the reader. */
  private outer: Span | null = null;
  /** Standard input of the loop or group that is being walked; commands in it read the same. */
  private shared: Input = null;
  /** What the command that was walked last surely prints; null: not known. */
  printed: Input = null;
  /** The next command prints the environment to one that shows public names of it alone. */
  publicEnvironment = false;

  constructor(where: ShellWhere, met: Set<string> = new Set()) {
    this.where = where;
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

  program(name: string): void {
    this.programs.add(name);
  }

  /**
   * Reading, writing or deleting what an argument names. `tree`: and everything below it.
   * What cannot be named is opaque, never left out.
   */
  file(action: "file:read" | "file:write" | "file:delete", argument: Argument, state: State, tree = false): void {
    if (argument.known === "pipe") return;
    if (argument.known === "no") {
      this.opaque(`path \`${argument.source}\``, argument.span);
      return;
    }
    const text = argument.known === "text" ? argument.text : argument.pattern;
    const pattern = argument.known === "pattern";
    if (text === "" || (text === "-" && action !== "file:delete")) return;
    if (text.includes("\0")) {
      this.opaque(`path \`${argument.source}\``, argument.span);
      return;
    }
    const cwds = text.startsWith("/") ? ["/"] : state.cwds;
    if (cwds === null) {
      this.opaque(`path \`${argument.source}\` in a directory that is known only when it runs`, argument.span);
      return;
    }
    for (const cwd of cwds) {
      const path = absolute(text, cwd);
      if (path === null) {
        this.opaque(`path \`${argument.source}\` with \`..\` after what may be a link`, argument.span);
        continue;
      }
      if (!pattern && isSink(path) && action !== "file:delete") continue;
      const matches = pattern && argument.expands === true && argument.tree !== true ? this.where.matches?.get(path) : undefined;
      if (matches !== undefined) {
        // Where nothing matches, the word stays as it is.
        for (const match of [...matches, path]) {
          for (const name of namesOf(match)) this.path(action, name, null, tree, argument.span);
          const place = this.where.physical?.get(match);
          if (place !== undefined && place !== match) this.path(action, place, null, tree, argument.span);
        }
        continue;
      }
      const glob = !pattern ? null : argument.hidden === true ? "any" : "visible";
      if (pattern && (path.length > LONGEST_GLOB || !this.spend(STEPS_A_GLOB))) {
        this.opaque(`path \`${argument.source.slice(0, 60)}\`: too many globs, or too long a one`, argument.span);
        continue;
      }
      for (const name of namesOf(path)) this.path(action, name, glob, tree || (pattern && argument.tree === true), argument.span);
      if (pattern)
        for (const place of placesBehind(path, this.where.physical)) this.path(action, place, null, tree, argument.span);
      const physical = placeOf(path, pattern, this.where.physical);
      if (physical !== path) this.path(action, physical, glob, tree || (pattern && argument.tree === true), argument.span);
    }
  }

  /** What is in a folder that an argument names, where the host was asked which of them are folders. */
  folder(argument: Argument, state: State): void {
    if (argument.known !== "text" && argument.known !== "pattern") return;
    const text = argument.known === "text" ? argument.text : argument.pattern;
    for (const cwd of text.startsWith("/") ? ["/"] : (state.cwds ?? [])) {
      const path = absolute(text, cwd);
      if (path === null) continue;
      const place = this.where.physical?.get(path) ?? path;
      const isOne = this.where.folders?.has(path) === true || this.where.folders?.has(place) === true;
      if (argument.known === "text" && !isOne) continue;
      for (const name of new Set([path, place]))
        this.path("file:read", `${name === "/" ? "" : name}/*`, "any", false, argument.span);
    }
  }

  private path(action: MicroAction["action"], path: string, glob: "any" | "visible" | null, tree: boolean, span: Span): void {
    const visible = glob === "visible" ? { visible: true } : {};
    const resource = { kind: "path", path, ...(glob === null ? {} : { pattern: true }), ...visible } as const;
    if (tree) {
      this.emit({
        action,
        resource: { kind: "path", path: path === "/" ? "/**" : `${path.replace(/\/\*\*$/, "")}/**`, pattern: true, ...visible },
        span,
        context: IN_TREE,
      });
      this.emit({ action, resource, span, context: IN_TREE });
      return;
    }
    this.emit({ action, resource, span });
  }

  /** A script held in a text: `sh -c`, `eval`, a trap. Positions in it are those of `span`. */
  text(text: string, span: Span, state: State): State {
    this.read += text.length;
    const result = this.depth > 8 || this.read > 2 * MAX_BYTES ? null : read(text);
    if (result === null || "refusal" in result) {
      this.opaque(result === null ? "a text nested too deep" : `a text that ${result.refusal.message}`, span);
      return taint(state);
    }
    const before = this.outer;
    this.outer = span;
    this.depth++;
    const after = this.script(result.script, state);
    this.depth--;
    this.outer = before;
    return after;
  }

  /** False: so much was walked that the rest is opaque. What a line costs grows with the words that it may have. */
  private spend(steps: number): boolean {
    this.effort += steps;
    return this.effort <= MOST_STEPS;
  }

  script(script: ParsedScript, state: State): State {
    this.meet(script);
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
        return this.command(node, state, input);
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
        const stdin = this.redirections(node.redirects, state);
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
        this.touching(node.wordlist ?? []);
        const value = node.wordlist === undefined ? null : valueOfList(node.wordlist.flatMap((word) => this.words(word, state)));
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
        for (const part of [node.initialize, node.test]) if (part !== undefined) now = this.arithmetic(part, now);
        return this.loop(now, (turn) => {
          let end = this.list(node.body, turn);
          for (const part of [node.update, node.test]) if (part !== undefined) end = this.arithmetic(part, end);
          return end;
        });
      }
      case "Case":
        return this.caseOf(node, state);
      case "TestCommand":
        return this.test(node.expression, state);
      case "ArithmeticCommand":
        if (node.expression === undefined && node.body.trim() !== "") this.opaque(`arithmetic \`${node.body.trim()}\``, span);
        return node.expression === undefined ? state : this.arithmetic(node.expression, state);
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

  private command(node: Command, before: State, input: Input): State {
    const span = this.span(node.pos, node.end);
    const { state, input: redirected } = this.redirections(node.redirects, before);
    const assignments = node.prefix.filter((part): part is Assignment => part.type === "Assignment");
    if (node.name === undefined) {
      let now = state;
      for (const assignment of assignments) now = this.assignment(assignment, now, "shell");
      return now;
    }
    const prefixed = new Map<string, string | null>();
    for (const assignment of assignments) {
      const value = this.assignment(assignment, state, "environment").variables.get(assignment.name);
      const piece = Array.isArray(value) && value.length === 1 ? value[0] : undefined;
      prefixed.set(assignment.name, piece === undefined || piece.pattern ? null : piece.text);
    }
    const declares = /^(export|readonly|declare|typeset|local)$/.test(node.name.value);
    if (node.args.length > MOST_WORDS) {
      this.opaque("a command with too many words", span);
      return taint(state);
    }
    this.touching([node.name, ...node.args]);
    let lines: (readonly Argument[])[] = [[]];
    for (const part of [node.name, ...node.args]) {
      const choices =
        part.type !== "Word"
          ? this.assignmentWord(part, state, declares)
          : HOME_IN_ASSIGNMENT.test(part.text)
            ? [[this.likeAssignment(part, state)]]
            : this.words(part, state);
      lines = lines.flatMap((line) => choices.map((choice) => [...line, ...choice]));
      if (lines.length > 64) {
        this.opaque("a command with too many possible words", span);
        return taint(state);
      }
    }
    let end: State | null = null;
    for (const line of lines) {
      if (!this.spend(1 + line.length / WORDS_A_STEP)) {
        this.opaque("a text with too many steps", span);
        return taint(state);
      }
      this.printed = null;
      this.prefixed = prefixed;
      const after = describeCommand(this, line, state, span, redirected ?? input ?? this.shared);
      end = end === null ? after : join(end, after);
    }
    this.prefixed = new Map();
    if (lines.length > 1) this.printed = null;
    return end ?? state;
  }

  /** `<(a)b` is one word to the shell, and two to the parser: they are read as two, and what they are as one is not known. */
  private touching(words: readonly { readonly pos: number; readonly end: number; readonly text: string }[]): void {
    for (const [i, word] of words.entries()) {
      const before = words[i - 1];
      if (before !== undefined && before.end === word.pos)
        this.opaque(`word \`${before.text}${word.text}\``, this.span(before.pos, word.end));
    }
  }

  /** An argument that looks like an assignment has its `~` expanded like one: `dd if=~/x`. */
  private likeAssignment(word: Word, state: State): Argument {
    this.words(word, state);
    const prefix = word.text.slice(0, word.text.indexOf("=") + 1);
    return { span: this.span(word.pos, word.end), source: word.text, known: "no", why: "holds `~`", prefix, splits: false };
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
      visit: (part) => this.part(part, state),
      span: (from, to) => this.span(from, to),
    };
  }

  /** `a=b` after a command name: an argument, or an assignment if the command declares. */
  private assignmentWord(node: Assignment, state: State, declares: boolean): readonly (readonly Argument[])[] {
    this.meet(node);
    const span = this.span(node.pos, node.end);
    const gap = (why: string): readonly (readonly Argument[])[] => [
      [{ span, source: node.text, known: "no", why, prefix: "", splits: !declares }],
    ];
    if (node.value.type === "ArrayValue" || node.index !== undefined) {
      if (node.index !== undefined) this.words(node.index, state);
      for (const element of node.value.type === "ArrayValue" ? node.value.elements : [node.value]) this.words(element, state);
      return gap("is an array");
    }
    const head = `${node.name}${node.append === true ? "+=" : "="}`;
    if (!declares && node.value.text.startsWith("~")) return gap("holds `~`");
    return this.words(node.value, state, declares ? "assignment" : "argument").map((fields) => {
      const [first, ...more] = fields;
      if (first === undefined) return [{ span, source: node.text, known: "text", text: head }];
      if (first.known === "text") return [{ ...first, span, source: node.text, text: head + first.text }, ...more];
      if (first.known === "pattern") return [{ ...first, span, source: node.text, pattern: head + first.pattern }, ...more];
      return [
        {
          span,
          source: node.text,
          known: "no",
          why: first.known === "no" ? first.why : "joins a pipe and text",
          prefix: head,
          splits: first.known === "no" && first.splits,
        },
        ...more,
      ];
    });
  }

  private assignment(node: Assignment, state: State, scope: "shell" | "environment"): State {
    this.meet(node);
    const span = this.span(node.pos, node.end);
    if (node.index !== undefined) this.subscript(node.index, state);
    if (node.value.type === "ArrayValue") {
      this.meet(node.value);
      for (const element of node.value.elements) {
        this.words(element, state);
        // `[NAME]=value`: the place is arithmetic.
        if (element.text.startsWith("[") && element.text.includes("=") && !/^\[[0-9]+\]\+?=/.test(element.text))
          this.opaque(`arithmetic in \`${element.text}\``, span);
      }
      return this.set(state, node.name, null, span);
    }
    const texts = valuesIn(this.words(node.value, state, "assignment"));
    const value = isNumber(node.value) ? "integer" : texts;
    if (scope === "environment" && !isHarmless(node.name)) this.setting(node.name, span);
    return this.set(state, node.name, node.append === true || node.index !== undefined ? null : value, span);
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
    if ((isHeldByShell(name) && !isHarmless(name)) || Object.hasOwn(this.where.environment, name)) this.setting(name, span);
    return assign(state, name, isHeldByShell(name) && name !== "HOME" ? null : value);
  }

  lookUp(name: string, state: State): Value {
    if (this.assigned.has(name)) return null;
    const value = state.variables.get(name);
    if (value !== undefined) return value;
    if (state.tainted) return null;
    if (/^[?$!#]$/.test(name)) return "integer";
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
    if (["UID", "EUID", "PPID", "RANDOM", "SECONDS", "LINENO", "BASHPID", "SHLVL", "EPOCHSECONDS"].includes(name))
      return "integer";
    if (Object.hasOwn(this.where.environment, name)) return [{ text: this.where.environment[name] ?? "", pattern: false }];
    return mayBeTakenForUnset(state, name) ? [{ text: "", pattern: false }] : null;
  }

  /** Everything in a part of a word that runs or assigns; what is known of the text that it becomes. */
  private part(part: WordPart, state: State): Value {
    this.meet(part);
    const span = this.span(part.pos, part.end);
    switch (part.type) {
      case "SimpleExpansion":
        return this.lookUp(part.text.slice(1), state);
      case "ParameterExpansion":
        return this.parameter(part, state);
      case "CommandExpansion":
        if (part.script === undefined || /^\$\{/.test(part.text)) {
          this.opaque(`\`${part.text}\``, span);
          return null;
        }
        this.nested(part.script, state, part.text.startsWith("`") ? span : null);
        return shapeOf(part.script);
      case "ProcessSubstitution":
        if (part.script === undefined) this.opaque(`\`${part.text}\``, span);
        else this.nested(part.script, state, null);
        return null;
      case "ArithmeticExpansion":
        if (part.expression === undefined) this.opaque(`arithmetic \`${part.text}\``, span);
        else this.arithmetic(part.expression, state);
        return "integer";
      case "DoubleQuoted":
      case "LocaleString":
        for (const child of part.parts) this.part(child, state);
        return null;
      case "Literal":
      case "SingleQuoted":
      case "AnsiCQuoted":
        return null;
      case "Glob":
      case "ExtendedGlob":
      case "BraceExpansion":
        for (const child of part.parts ?? []) this.part(child, state);
        // A pattern whose inside the parser keeps as text could hold a substitution.
        if (part.parts === undefined && /[$`]|[<>]\(/.test(part.text)) this.opaque(`\`${part.text}\``, span);
        return null;
      default:
        this.opaque("a part of a word for which there is no rule", span);
        return null;
    }
  }

  private nested(script: ParsedScript, state: State, at: Span | null): void {
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

  private parameter(part: ParameterExpansionPart, state: State): Value {
    const span = this.span(part.pos, part.end);
    if (part.index !== undefined) this.subscript(part.index, state);
    if (part.operation !== undefined) this.meet(part.operation);
    if (part.prefix === "!") {
      if (part.operation?.type !== "Names" && !(part.index !== undefined && /^[@*]$/.test(part.index.text)))
        this.opaque(`\`${part.text}\``, span);
      return null;
    }
    const operation = part.operation;
    if (operation === undefined)
      return part.prefix === "#" ? "integer" : part.index === undefined ? this.lookUp(part.parameter, state) : null;
    const value = this.lookUp(part.parameter, state);
    switch (operation.type) {
      case "Default": {
        const other = valuesIn(this.words(operation.operand, state, "assignment"));
        if (operation.operator === "=" || operation.operator === ":=") {
          if (isHeldByShell(part.parameter)) this.setting(part.parameter, span);
          return null;
        }
        // Quotes in it mean one thing in a quoted word and another in one that is not.
        if (/['"\\]/.test(operation.operand.text)) return null;
        if (operation.operator === ":-" && Array.isArray(value) && value.length === 1 && part.index === undefined) {
          return value[0]?.text === "" ? other : value;
        }
        return null;
      }
      case "Remove":
        this.words(operation.operand, state, "assignment");
        return null;
      case "Replace":
        this.words(operation.pattern, state, "assignment");
        this.words(operation.replacement, state, "assignment");
        return null;
      case "Slice":
        this.subscript(operation.offset, state);
        if (operation.length !== undefined) this.subscript(operation.length, state);
        return null;
      case "CaseModification":
        if (operation.operand !== undefined) this.words(operation.operand, state, "assignment");
        return null;
      case "Transform":
        // `@P` expands the value as a prompt, and a prompt runs substitutions.
        if (!/^[QULuAaKkE]$/.test(operation.operand.text)) this.opaque(`\`${part.text}\``, span);
        return null;
      case "Names":
        return null;
      default:
        this.opaque(`\`${part.text}\``, span);
        return null;
    }
  }

  /** A text that bash evaluates as arithmetic: a variable in it is evaluated again, and may hold a substitution. */
  private subscript(word: Word, state: State): void {
    if (/^(\s*-?[0-9]+\s*|[@*])$/.test(word.text)) return;
    const fields = this.words(word, state, "assignment");
    for (const [only, ...more] of fields) {
      const text = only?.known === "text" ? only.text.trim() : null;
      const name = text !== null && /^[A-Za-z_]\w*$/.test(text) ? this.lookUp(text, state) : null;
      const plain =
        text !== null &&
        (/^-?[0-9]+$/.test(text) ||
          name === "integer" ||
          (Array.isArray(name) && name.every((piece) => /^-?[0-9]*$/.test(piece.text) && !piece.pattern)));
      if (!plain || more.length > 0) this.opaque(`arithmetic on \`${word.text}\``, this.span(word.pos, word.end));
    }
  }

  arithmetic(node: ArithmeticExpression, state: State): State {
    this.meet(node);
    const span = this.span(node.pos, node.end);
    switch (node.type) {
      case "ArithmeticBinary": {
        if (/^([-+*/%&^|]|<<|>>)?=$/.test(node.operator) && node.left.type === "ArithmeticWord") {
          const after = this.arithmetic(node.right, state);
          const name = node.left.value.trim();
          if (node.operator !== "=") this.arithmetic(node.left, state);
          return this.set(after, name, "integer", span);
        }
        return this.arithmetic(node.right, this.arithmetic(node.left, state));
      }
      case "ArithmeticUnary": {
        const after = this.arithmetic(node.operand, state);
        return /^(\+\+|--)$/.test(node.operator) && node.operand.type === "ArithmeticWord"
          ? this.set(after, node.operand.value.trim(), "integer", span)
          : after;
      }
      case "ArithmeticTernary": {
        const asked = this.arithmetic(node.test, state);
        return join(this.arithmetic(node.consequent, asked), this.arithmetic(node.alternate, asked));
      }
      case "ArithmeticGroup":
        return this.arithmetic(node.expression, state);
      case "ArithmeticWord": {
        for (const part of node.parts ?? []) this.part(part, state);
        const text = node.value.trim();
        if (/^([0-9]+|0[xX][0-9a-fA-F]+|[0-9]+#\w+)$/.test(text)) return state;
        const name = /^\$?\{?([A-Za-z_]\w*|[?#$!])\}?$/.exec(text)?.[1];
        const value = name === undefined ? null : this.lookUp(name, state);
        const plain =
          value === "integer" ||
          (Array.isArray(value) && value.every((piece) => !piece.pattern && /^-?[0-9]*$/.test(piece.text)));
        const counted = /^\$\{#[A-Za-z_]\w*(\[[@*]\])?\}$/.test(text);
        if (!plain && !counted) this.opaque(`arithmetic on \`${text}\``, span);
        return state;
      }
      case "ArithmeticCommandExpansion":
        if (node.script === undefined) this.opaque(`\`${node.text}\``, span);
        else this.nested(node.script, state, null);
        if (node.script === undefined || shapeOf(node.script) !== "integer") this.opaque(`arithmetic on \`${node.text}\``, span);
        return state;
      default:
        this.opaque("arithmetic for which there is no rule", span);
        return taint(state);
    }
  }

  private test(node: TestExpression, state: State): State {
    this.meet(node);
    switch (node.type) {
      case "TestUnary":
        this.words(node.operand, state, "assignment");
        if (/^-[vR]$/.test(node.operator) && !/^\w+$/.test(node.operand.text))
          this.opaque(`\`${node.operator} ${node.operand.text}\``, this.span(node.pos, node.end));
        return state;
      case "TestBinary":
        if (/^-(eq|ne|lt|le|gt|ge)$/.test(node.operator)) {
          this.numeric(node.left, state);
          this.numeric(node.right, state);
          return state;
        }
        this.words(node.left, state, "assignment");
        this.words(node.right, state, "assignment");
        return state;
      case "TestLogical":
        for (const operand of node.operands) this.test(operand, state);
        return state;
      case "TestNot":
        return this.test(node.operand, state);
      case "TestGroup":
        return this.test(node.expression, state);
      default:
        this.opaque("a test for which there is no rule", [0, 0]);
        return state;
    }
  }

  /** An operand of `-eq` and its like inside `[[ ]]`. */
  private numeric(word: Word, state: State): void {
    for (const [only, ...more] of this.words(word, state, "assignment")) {
      const plain =
        only === undefined ||
        (only.known === "text" && /^-?[0-9]*$/.test(only.text)) ||
        (only.known === "pattern" && only.pattern === "*");
      if (!plain || more.length > 0) this.subscript(word, state);
    }
  }

  /** Opens happen before the command runs. `input`: what its standard input then is. */
  private redirections(redirections: readonly Redirection[], before: State): { state: State; input: Input } {
    let state = before;
    let input: Input = null;
    for (const redirection of redirections) {
      this.meet(redirection);
      const span = this.span(redirection.pos, redirection.end);
      const descriptor = redirection.descriptor;
      if (descriptor !== undefined) this.meet(descriptor);
      if (descriptor?.type === "FileDescriptorVariable") state = this.set(state, descriptor.name, "integer", span);
      const standard = descriptor === undefined || (descriptor.type === "FileDescriptor" && descriptor.value === 0);
      switch (redirection.type) {
        case "HereDoc": {
          this.meet(redirection.body);
          const parts = redirection.body.parts ?? [];
          for (const part of parts) this.part(part, state);
          if (redirection.delimiter !== undefined) this.meet(redirection.delimiter);
          const plain = redirection.delimiter?.quoted === true || parts.every((part) => part.type === "Literal");
          if (standard) input = plain && redirection.operator === "<<" ? { text: redirection.body.text, span } : "unknown";
          break;
        }
        case "HereString": {
          if (redirection.target === undefined) {
            this.opaque("a here-string without text", span);
            break;
          }
          const value = valuesIn(this.words(redirection.target, state, "assignment"));
          const piece = Array.isArray(value) && value.length === 1 ? value[0] : undefined;
          if (standard) input = piece !== undefined && !piece.pattern ? { text: piece.text, span } : "unknown";
          break;
        }
        case "Redirect": {
          const target = redirection.target;
          if (target === undefined) {
            this.opaque(`\`${redirection.operator}\` without a target`, span);
            break;
          }
          const reads = redirection.operator === "<" || redirection.operator === "<&";
          if (reads && standard) input = "unknown";
          for (const fields of this.words(target, state)) {
            for (const argument of fields) this.redirect(redirection.operator, argument, state);
          }
          break;
        }
        default:
          this.opaque("a redirection for which there is no rule", span);
      }
    }
    return { state, input };
  }

  private redirect(operator: string, argument: Argument, state: State): void {
    if (argument.known === "text") {
      if (/^[<>]&$/.test(operator) && /^([0-9]+-?|-)$/.test(argument.text)) return;
      const net = /^\/dev\/(tcp|udp)\/([^/]*)\/(.*)$/.exec(argument.text.replace(/\/+/g, "/"));
      if (net !== null) {
        this.emit({ action: "network:connect", resource: { kind: "host", host: net[2] ?? "" }, span: argument.span });
        return;
      }
    }
    if (/^[<>]&$/.test(operator) && argument.known === "pattern" && argument.pattern === "*") return;
    if (argument.known === "no" && /^\/dev\//.test(argument.prefix)) {
      this.opaque(`path \`${argument.source}\``, argument.span);
      return;
    }
    if (operator === "<" || operator === "<&") {
      this.file("file:read", argument, state);
      return;
    }
    if (operator === "<>") this.file("file:read", argument, state);
    this.file("file:write", argument, state);
  }
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

/** `$((…))`, `$(date +%s)`: whatever comes out is a number. */
function isNumber(word: Word): boolean {
  const [part, ...more] = word.parts ?? [];
  if (part === undefined || more.length > 0) return false;
  const inner = part.type === "DoubleQuoted" && part.parts.length === 1 ? part.parts[0] : part;
  if (inner?.type === "ArithmeticExpansion") return true;
  return (
    inner?.type === "CommandExpansion" &&
    inner.script !== undefined &&
    !/^\$\{/.test(inner.text) &&
    shapeOf(inner.script) === "integer"
  );
}

const HOME_IN_ASSIGNMENT = /^[A-Za-z_]\w*(\[[^\]]*\])?\+?=([\s\S]*:)?~/;

/** Mark of a path that is reached by descending into a tree; a condition sees it as `"recursive" in command.flags`. */
const IN_TREE = { command: { program: "", subcommand: "", flags: ["recursive"], arguments: [], unknown: false } } as const;

function valueOfList(alternatives: readonly (readonly Argument[])[]): Value {
  const fields = alternatives.flat();
  if (fields.some((field) => field.known === "no" || field.known === "pipe")) return null;
  return valuesIn(fields.map((field) => [field]));
}
