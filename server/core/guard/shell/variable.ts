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
  "LANG LANGUAGE TZ COLUMNS LINES NO_COLOR FORCE_COLOR CLICOLOR CLICOLOR_FORCE DEBIAN_FRONTEND LC_ALL LC_COLLATE LC_CTYPE LC_MESSAGES LC_MONETARY LC_NUMERIC LC_TIME BLOCKSIZE BLOCK_SIZE DF_BLOCK_SIZE DU_BLOCK_SIZE TIME_STYLE QUOTING_STYLE".split(
    " ",
  ),
);

export function isHarmless(name: string): boolean {
  return HARMLESS.has(name);
}

/**
 * Words of which people make names for what they look for. Programs read names of their own: no name that is made of
 * these words alone is known to be read by one (docs/decisions/024-names-of-ones-own.md).
 */
const OWN_WORDS = new Set(
  "ACCOUNT AGE API APP APPS AVG BASE BEGIN BRANCH CLUSTER CODE COMMIT CONF CONTAINER CORRELATION COUNT CURRENT CUSTOMER DATE DAY DAYS DB DEPLOY DEPLOYMENT DEST DIR DIRS DST DURATION END ENDPOINT ERR ERRORS FIELD FILENAME FILES FIRST FROM HOUR HOURS ID IDS IMAGE INCIDENT INSTANCE INTERVAL INVOICE IP IPS ITEM JOB KEY KEYS LAST LEVEL LIMIT LOG LOGFILE LOGS MATCH MAX MESSAGE METRIC MIN MINUTES MSG NAMES NAMESPACE NEW NOW NS NUM OLD ORDER ORDERS OUT PARTITION PAT PATTERN PAYMENT PERIOD PID PIDS POD PODS PORT PORTS PREV PRIMARY PRODUCT QUERY QUEUE REC REGION REL RELEASE REPLICA REQ REQUEST RESULT REV REVISION SCHEMA SEARCH SERVICE SERVICES SHA SHARD SINCE SITE SIZE SPAN SRC STAGE START STATE STATUS STOP SUM SVC TABLE TABLES TAG TEAM TENANT TERMS TEXT THRESHOLD TICKET TO TODAY TOPIC TOTAL TRACE TX TXN UNIT UNITS UNTIL URL USERID VAL VALUE VER VERSION WHEN WHERE WINDOW WORD WORDS WORKER YESTERDAY ZONE".split(
    " ",
  ),
);

/**
 * UTF-8, or single bytes. In others (Big5, GB18030, Shift JIS) the second byte of a character may be a backslash or a quote, and
 * bash reads its own text so from the moment on that it is set.
 */
const LOCALE = /^(|C|POSIX|(C|[a-z]{2,3}(_[A-Z]{2})?)\.(UTF-8|utf-8|UTF8|utf8)(@[a-z]+)?)$/;

export function isLocale(name: string): boolean {
  return name === "LANG" || name.startsWith("LC_");
}

/**
 * Whether giving NAME this value to programs leaves what they do as it is. Null: a value that is not known. Catalogues of
 * messages are files, and LANGUAGE may say where they are.
 */
export function isPlain(name: string, value: string | null): boolean {
  if (isLocale(name)) return isHarmless(name) && value !== null && LOCALE.test(value);
  if (name === "LANGUAGE") return value !== null && !value.includes("/");
  if (name === "TZ") return value === null || !/^[:/]|\.\./.test(value);
  return isHarmless(name) || isOwn(name);
}

/** Variables in the person's own words. In small letters programs know `http_proxy` and what they are configured with. */
export function isOwn(name: string): boolean {
  if (isHeldByShell(name)) return false;
  if (/^[a-z][a-z0-9_]*$/.test(name)) return !/_proxy$|^(npm|pip|uv|yarn)_/.test(name);
  if (/^[A-Z]$/.test(name)) return true;
  const words = name.split("_");
  return words.length <= 4 && words.every((word, i) => OWN_WORDS.has(word) || (i > 0 && /^[0-9]{1,2}$/.test(word)));
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
