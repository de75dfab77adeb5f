/**
 * Variables that the shell itself looks at: setting one changes what later words mean or which program runs. The integers
 * among them (`RANDOM`) take arithmetic, which runs substitutions.
 */
const HELD = new Set(
  "PATH IFS ENV HOME CDPATH GLOBIGNORE FIGNORE POSIXLY_CORRECT PROMPT_COMMAND PROMPT_DIRTRIM PS0 PS1 PS2 PS3 PS4 SHELL SHELLOPTS TMPDIR HISTFILE HISTCONTROL HISTIGNORE HISTSIZE HISTTIMEFORMAT HOSTFILE IGNOREEOF INPUTRC FCEDIT FUNCNEST EXECIGNORE TIMEFORMAT TMOUT MAIL MAILPATH MAILCHECK histchars auto_resume OPTERR OPTIND PWD OLDPWD DIRSTACK GROUPS EPOCHREALTIME FUNCNAME PIPESTATUS COPROC LINES COLUMNS TERM LANG TZ PAGER EDITOR VISUAL RANDOM SRANDOM SECONDS HISTCMD LINENO EPOCHSECONDS PPID UID EUID".split(
    " ",
  ),
);

export function isHeldByShell(name: string): boolean {
  return HELD.has(name) || /^(BASH|LD_|LC_|COMP_|READLINE_|GIT_|LESS|SYSTEMD_|MAN)/.test(name);
}

/** Variables that a program may be given: they change how it writes, not what it does. */
const HARMLESS = new Set(
  "LANG LANGUAGE TZ COLUMNS LINES NO_COLOR FORCE_COLOR CLICOLOR CLICOLOR_FORCE DEBIAN_FRONTEND LC_ALL LC_COLLATE LC_CTYPE LC_MESSAGES LC_MONETARY LC_NUMERIC LC_TIME POSIXLY_CORRECT BLOCKSIZE BLOCK_SIZE DF_BLOCK_SIZE DU_BLOCK_SIZE TIME_STYLE QUOTING_STYLE".split(
    " ",
  ),
);

export function isHarmless(name: string): boolean {
  return HARMLESS.has(name);
}

/** Variables whose value is no secret: they are printed by everyone who debugs a search path. */
const PUBLIC = new Set(
  "PATH HOME USER LOGNAME SHELL PWD OLDPWD TERM LANG LANGUAGE TZ EDITOR PAGER HOSTNAME JAVA_HOME GOPATH GOROOT PYTHONPATH NODE_PATH MANPATH LD_LIBRARY_PATH NODE_ENV RAILS_ENV".split(
    " ",
  ),
);

export function isPublic(name: string): boolean {
  return PUBLIC.has(name) || HARMLESS.has(name);
}
