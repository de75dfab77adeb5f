import type { Language } from "../../core/guard/shell/index.ts";

/**
 * The command line that carries an authorised command to the host. sshd gives it to the account's login shell, whichever
 * that is; all it does there is start a clean bash: no inherited environment, no start-up files, no imported functions.
 * Everything else travels as text in which every byte that any of bash, dash, zsh, fish and tcsh could read in its own
 * way is written `\0OOO`. What it cannot do: start-up files of the login shell run before it (`~/.bashrc` under sshd,
 * `~/.zshenv`, `~/.ssh/rc`), so policies protect these.
 */
export interface Wrapped {
  readonly command: string;
  /** Physical; the program starts there or not at all. */
  readonly cwd: string;
  /** Marks our reports among the output. Hexadecimal. */
  readonly nonce: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Whether keys reach it; else its standard input is empty. */
  readonly interactive: boolean;
  /** Report the directory it ends in. */
  readonly reportsDirectory: boolean;
  /** Folders before the standard ones. */
  readonly path: string | null;
  /** What runs it. */
  readonly language: Language;
}

export const STANDARD_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const FIXED =
  "TERM=xterm-256color LANG=C.UTF-8 LESSSECURE=1 PAGER=cat GIT_PAGER=cat MANPAGER=cat SYSTEMD_PAGER=cat SYSTEMD_LESS=FRX GIT_TERMINAL_PROMPT=0 HISTFILE=/dev/null";
const clean = (shell: string): string =>
  `exec /usr/bin/env -i HOME="$HOME" USER="$USER" LOGNAME="$LOGNAME" SHELL=/bin/${shell} ${FIXED} /bin/${shell}`;
const CLEAN: Readonly<Record<Language, string>> = {
  bash: `${clean("bash")} --noprofile --norc -p -c 'printf -v b %b "$1"; shift; eval "$b"' gw`,
  // A substitution drops line feeds at the end: a full stop holds them.
  sh: `${clean("sh")} -c 'b=$(printf %b. "$1"); shift; eval "\${b%.}"' gw`,
};

/** Runs in the clean shell: `$1` command, `$2` directory, `$3` nonce, `$4` flags, then names and values. */
const BASH_BOOT = [
  "unset b",
  'printf -v __c %b "$1"; printf -v __d %b "$2"; __n=$3; __f=$4; shift 4',
  'while (($# > 1)); do printf -v __v %b "$2"; export "$1=$__v"; shift 2; done; set --',
  'cd -P -- "$__d" || exit 125',
  'printf \'\\e]7788;B;%s;%s;%q\\a\' "$__n" "$$" "$PWD"',
  "case $__f in *n*) exec </dev/null;; esac",
  'case $__f in *c*) trap "printf \'\\\\e]7788;E;%s;%q\\\\a\' $__n \\"\\$PWD\\"" EXIT;; esac',
  "unset __d __n __f __v OLDPWD",
  'eval "unset __c\n$__c"',
].join("\n");

/** The same for `sh`, which quotes nothing: `b` and `e` report the directory as it is. */
const SH_BOOT = [
  "unset b",
  '__c=$(printf %b. "$1"); __d=$(printf %b. "$2"); __n=$3; __f=$4; shift 4',
  'while [ $# -gt 1 ]; do __v=$(printf %b. "$2"); export "$1=${__v%.}"; shift 2; done; set --',
  'cd -P -- "${__d%.}" || exit 125',
  'printf \'\\033]7788;b;%s;%s;%s\\007\' "$__n" "$$" "$PWD"',
  "case $__f in *n*) exec </dev/null;; esac",
  'case $__f in *c*) trap "printf \'\\\\033]7788;e;%s;%s\\\\007\' $__n \\"\\$PWD\\"" EXIT;; esac',
  "unset __d __n __f __v OLDPWD",
  'eval "unset __c\n${__c%.}"',
].join("\n");
const BOOT: Readonly<Record<Language, string>> = { bash: BASH_BOOT, sh: SH_BOOT };

export function wrap(wrapped: Wrapped): string {
  const path = wrapped.path === null ? STANDARD_PATH : `${wrapped.path}:${STANDARD_PATH}`;
  const flags = `x${wrapped.interactive ? "" : "n"}${wrapped.reportsDirectory ? "c" : ""}`;
  const words = [BOOT[wrapped.language], wrapped.command, wrapped.cwd].map(encode);
  const variables = Object.entries({ PATH: path, ...wrapped.environment })
    .filter(([name]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    .flatMap(([name, value]) => [name, encode(value)]);
  return [CLEAN[wrapped.language], ...words, wrapped.nonce, flags, ...variables].join(" ");
}

/** Says who and where the account is, and that there is such a shell. */
export function probe(nonce: string, language: Language): string {
  const report = language === "bash" ? "'\\e]7788;B;%s;%s;%q\\a'" : "'\\033]7788;b;%s;%s;%s\\007'";
  return `${CLEAN[language]} ${encode(`unset b; cd -P -- "$HOME" || cd -P /; printf ${report} ${nonce} "\${USER:-\${LOGNAME:-}}" "$PWD"`)}`;
}

/** For `printf %b` of any shell, inside single quotes. */
function encode(text: string): string {
  let out = "";
  for (const byte of Buffer.from(text, "utf8")) {
    const c = String.fromCharCode(byte);
    out += /[A-Za-z0-9 _./,:=@+-]/.test(c) ? c : `\\0${byte.toString(8).padStart(3, "0")}`;
  }
  return `'${out}'`;
}
