import type { Decision, Reason } from "../core/domain/decision.ts";
import type { Review } from "../core/domain/review.ts";
import { printable } from "../core/terminal/prompt.ts";
import { textWidth } from "../core/terminal/width.ts";
import type { Instead } from "./instead.ts";

const RED = "\x1b[31m";
const AMBER = "\x1b[33m";
const GREEN = "\x1b[32m";
/** A colour of its own: dimmed text falls below the contrast that the terminal keeps up. */
const QUIET = "\x1b[90m";
const RESET = "\x1b[0m";

/** The line again with the offending words underlined by carets, then each reason and what made it. */
export function deniedText(line: string, decision: Decision): string {
  const reasons = decision.reasons.filter((reason) => reason.outcome === "deny");
  return `${carets(line, reasons, RED)}${reasons
    .slice(0, 6)
    .map((reason) => reasonText("✕", RED, reason))
    .join("")}`;
}

/** What waits, why, and how to give up. */
export function reviewText(review: Review, instead: Instead | null): string {
  const policies = review.requirements.map((requirement) => `\`${requirement.policy}\``).join(", ");
  const who = [...new Set(review.requirements.flatMap((requirement) => [...requirement.groups, ...requirement.users]))].join(
    ", ",
  );
  return `${AMBER}… waiting for review${RESET} ${QUIET}asked by policy ${policies}${who === "" ? "" : `; reviewers: ${printable(who)}`}; Ctrl-C withdraws${RESET}\r\n${insteadText(instead)}`;
}

/** Empty: nothing that a line could do. */
export function insteadText(instead: Instead | null): string {
  if (instead?.do === "line")
    return `  ${QUIET}\`${printable(instead.line)}\` shows the same, without keys that end processes${RESET}\r\n`;
  return instead?.do === "edit"
    ? `  ${QUIET}\`${printable(instead.line)}\` opens it at once, beside the terminal${RESET}\r\n`
    : "";
}

/** For `why` and `can`. */
export function explained(line: string, decision: Decision): string {
  switch (decision.outcome) {
    case "deny":
      return deniedText(line, decision);
    case "review":
      return `${carets(
        line,
        decision.reasons.filter((reason) => reason.outcome === "review"),
        AMBER,
      )}${decision.reasons
        .filter((reason) => reason.outcome === "review")
        .map((reason) => reasonText("…", AMBER, reason))
        .join("")}`;
    case "allow":
      return decision.reasons.length === 0
        ? `${GREEN}✓${RESET} allowed\r\n`
        : decision.reasons
            .slice(0, 12)
            .map((reason) => reasonText("✓", GREEN, reason))
            .join("") + lacking(decision);
  }
}

/** What has to happen first, though it is allowed. */
function lacking({ obligations }: Decision): string {
  const glass = obligations.some(({ type }) => type === "review-after");
  const watched = obligations.some(({ type }) => type === "watched");
  return `${glass ? `${RED}✕ it breaks glass: for a reason, with an alarm, reviewed afterwards${RESET}\r\n` : ""}${watched ? `${AMBER}… somebody has to watch this session${RESET}\r\n` : ""}`;
}

function reasonText(sign: string, colour: string, reason: Reason): string {
  const hint = reason.hint === undefined ? "" : `\r\n  ${QUIET}${printable(reason.hint)}${RESET}`;
  return `${colour}${sign}${RESET} ${printable(reason.message)}${hint}\r\n`;
}

/** Only for what is one row: carets under a text that wraps would point elsewhere. */
function carets(line: string, reasons: readonly Reason[], colour: string): string {
  if (line.includes("\n") || line.length > 200) return "";
  const marks = Array.from({ length: line.length }, () => false);
  for (const { span } of reasons) for (let i = span[0]; i < Math.min(span[1], line.length); i++) marks[i] = true;
  if (!marks.includes(true)) return "";
  let under = "";
  for (let i = 0; i < line.length; i++) under += (marks[i] === true ? "^" : " ").repeat(textWidth(line[i] as string));
  return `  ${printable(line)}\r\n  ${colour}${under.trimEnd()}${RESET}\r\n`;
}

/** A line of the session that was lost is taken up. */
export const GOES_ON = `${QUIET}the line below was waiting for a reviewer; its review still stands and is gone on with${RESET}\r\n`;

/** The tab could not be led to where the line was typed, and a yes is for that place. */
export function stillWaits(line: string): string {
  return `${AMBER}… \`${printable(line)}\` still waits for a reviewer, for the place where it was typed${RESET}\r\n`;
}

/** What a line waits for beside a review. */
export const LACKING = {
  unwatched: "\x1b[33m⧗ somebody has to watch this session; it goes on by itself when they do. Ctrl-C gives up\x1b[0m\r\n",
  glass: "\x1b[31m✕ this breaks glass: say why in this tab; it goes on then, with an alarm. Ctrl-C gives up\x1b[0m\r\n",
} as const;

export const RAW_BANNER = [
  "\x1b[1;97;41m RAW SHELL \x1b[0m Single commands are not judged in here, and keys go straight to the host.",
  "It is recorded; output is masked as far as it can be seen for what it is. `exit` leads back to the guarded prompt.",
  "",
].join("\r\n");

/** On a host without bash. */
export const NO_BASH =
  "\x1b[33mThis host has no bash.\x1b[0m Lines are read by its `sh`: what only bash understands ([[ ]], arrays, <<<, {a,b} …) is refused.\r\n";

export const HELP = [
  "The gateway does these itself:",
  "  cd, pushd, popd, dirs, export, unset, clear, history, exit",
  "  why              explains the last decision",
  "  raw-shell        a plain shell, if policy lets you: nothing in it is judged, all of it is recorded",
  "  edit FILE        opens a text file beside the terminal: masked, and saved only as policy lets it be",
  "  can COMMAND…     says whether a command would be allowed; runs nothing",
  "Keys are those of bash: Ctrl-R searches the history, Ctrl-C ends what runs or withdraws a review,",
  "Tab completes, Ctrl-D closes. In the browser: Ctrl+Shift+F searches what was shown, Ctrl+Shift+Up goes from",
  "command to command, Ctrl+Shift+\\ splits the window, F6 goes to the other side.",
  "Output that holds personal data or secrets is masked.",
  "",
].join("\r\n");
