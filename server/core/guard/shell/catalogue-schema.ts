import { z } from "zod";

/**
 * What a word given to a program means. `list`: the names in a folder are read; `tree`: a file, or everything below a
 * folder; `command`: a text that a shell runs; `plugin`: code that the program loads; `remote`: `host:path` or a path;
 * `script`: a program text in a file; `database`: a name under /etc; `program`: a file that is run;
 * `names`: a file that holds names of files that are read; `filter`: a program text of jq; `at`: a text, of a file where
 * it begins with `@`; `form`: of a file where that follows a name and `=`; `cookie`: a file where no `=` is in it;
 * `response`: a file, or `@FILE` that holds more words; `format`: `kind-file=FILE` or a text; `template`: a text that
 * shows fields; `revision`: `REVISION:PATH` or a path; `variable`: a name of the environment; `start`: what a pager does
 * first, or a file; `paths`: files with a colon between them; `key`: a name below a folder of the kernel's;
 * `source`: the text of a template, or a file that holds one.
 */
export const WORD_KINDS = [
  "text",
  "read",
  "list",
  "tree",
  "write",
  "delete",
  "host",
  "url",
  "command",
  "plugin",
  "remote",
  "script",
  "program",
  "process",
  "database",
  "names",
  "filter",
  "at",
  "form",
  "cookie",
  "response",
  "format",
  "template",
  "variable",
  "start",
  "revision",
  "paths",
  "key",
  "source",
] as const;
export const WordKind = z.enum(WORD_KINDS);
export type WordKind = z.infer<typeof WordKind>;

/** What the host is asked for when a word is completed. */
export const NAMED_THINGS = ["unit", "revision", "container"] as const;
export type NamedThing = (typeof NAMED_THINGS)[number];

const Options = z.string().regex(/^--?[^ ]+( --?[^ ]+)*$/, "options are written `-a --all`");
const Shape = {
  /** As for getopt: `ab:c::` is -a, -b VALUE, -c[VALUE]. */
  short: z.string().optional(),
  /** `all name= color=?`. Unique beginnings are understood, as GNU programs do. */
  long: z.string().optional(),
  /** Options that are not listed are harmless: they take no separate value, name no file, start nothing. */
  open: z.boolean().optional(),
  /** Long options begin with one dash (`openssl`, `java`). */
  single: z.boolean().optional(),
  /** What the value of an option means; absent: text. */
  values: z.record(Options, WordKind).optional(),
  /** What the operands mean, in order; the last stands for all that follow. Absent: text. */
  operands: z.array(WordKind).optional(),
  /** What the last of several operands means. */
  final: WordKind.optional(),
  /** Of folders among its operands it reads what is in them, without descending. */
  folders: z.boolean().optional(),
  /** Taken when there is no operand: `.` for a program that reads the directory it is in. */
  absent: WordKind.optional(),
  /** With one of these, `read` means `tree`. `always`: without an option. */
  recursive: z.union([Options, z.literal("always")]).optional(),
  /** An option that turns the program into another one: this is its subcommand then. */
  becomes: z.record(Options, z.string()).optional(),
  /** Any operand does so. */
  operandBecomes: z.string().optional(),
  /** But not one that begins so, such as `+` for `date +%F`. */
  operandExempt: z.string().optional(),
  /** But only one that holds this, such as `=` for `sysctl a=b`. */
  operandHolding: z.string().optional(),
  /** With one of these options the operands' first is no pattern: `grep -e`. */
  shifts: Options.optional(),
  /** Takes the screen and the keys: always, or unless one of these options is given. */
  interactive: z.union([z.literal("always"), z.literal("without-operands"), Options]).optional(),
  /** Operands from this number on are a command line of their own. */
  runs: z.number().int().min(0).optional(),
  escalates: z.boolean().optional(),
  /** What it can do that no rule describes; always part of its description. */
  door: z.string().optional(),
  /** Words that are not known before it runs change nothing: it only prints them. */
  harmless: z.boolean().optional(),
  /** One of these as the only word: it says something of itself and ends. */
  prints: z.string().optional(),
  /** Makes files in the directory that it is in: always, or unless one of these options is given. */
  creates: z.union([z.literal("always"), Options]).optional(),
  /** Options whose value names something on the host, for completion alone: `journalctl -u`. */
  valueNames: z.record(Options, z.enum(NAMED_THINGS)).optional(),
  /** What it sends to other processes: always, or with one of these options. */
  signals: z.union([z.literal("always"), Options]).optional(),
  /** While it has the keys it can end processes: always, or unless one of these options is given. */
  keysSignal: z.union([z.literal("always"), Options]).optional(),
};

const Sub = z.strictObject({
  ...Shape,
  /** Its first operand is a subcommand of its own: `docker system df`. */
  nested: z.boolean().optional(),
});
type Sub = z.infer<typeof Sub>;
export const ProgramEntry = z.strictObject({
  ...Shape,
  /** Options of the program itself stand before the subcommand only; the same letters after it mean something else. */
  globalsFirst: z.boolean().optional(),
  /** The first operand is a subcommand; 2: the first two, joined by a blank. */
  subcommands: z.number().int().min(1).max(2).optional(),
  /** Subcommands beside those in `sub`, for completion alone: no rule depends on them. */
  words: z.string().optional(),
  /** Subcommands whose operands name something on the host, for completion alone. */
  named: z.partialRecord(z.enum(NAMED_THINGS), z.string()).optional(),
  /** Names (several separated by blanks) → what differs for these. */
  sub: z.record(z.string(), Sub).optional(),
});
export type ProgramEntry = z.infer<typeof ProgramEntry> & Sub;

/** A file of the catalogue: names (several separated by blanks) → entry. */
export const Family = z.record(z.string().regex(/^[a-zA-Z0-9_.+[-]+( [a-zA-Z0-9_.+[-]+)*$/), ProgramEntry);
