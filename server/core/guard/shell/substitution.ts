import type { ParsedScript, Word } from "unbash";
import type { Value } from "./state.ts";

/** Programs that say one number, or nothing: of one file or process at most. */
const ONE_NUMBER: Readonly<Record<string, RegExp>> = {
  pgrep: /^-[fxi]*[no][fxi]* [\w.@][\w.@:-]*$/,
  pidof: /^-s [\w.][\w.-]*$/,
  stat: /^-L?c (['"]?)%[YXZWsugh]\1 [^-\s'"*?[{$`\\][^\s'"*?[{$`\\]*$/,
  id: /^-[ug] [\w.][\w.-]*$/,
  grep: /^-[iwEFvh]*c[iwEFvh]* ('[^'-][^']*'|"[^"$`\\-][^"$`\\]*"|[\w.:/=@%+]+) [^-\s'"*?[{$`\\][^\s'"*?[{$`\\]*$/,
  wc: /^-[lcmw] <$/,
};
/** Programs that always say one. */
const NUMBER: Readonly<Record<string, RegExp>> = { nproc: /^(--all)?$/, id: /^-[ug]$/ };
/** Programs that say a name, without slashes and blanks. */
const NAMES: Readonly<Record<string, RegExp>> = { hostname: /^(-s)?$/, uname: /^-[mrsn]$/ };
const WORD = "[0-9A-Za-z]*";
/** A moment that `date -d` always knows. */
const MOMENT =
  /^(@[0-9]{1,11}|now|today|yesterday|tomorrow|[-+]?[0-9]{1,5} ?(second|sec|minute|min|hour|day|week|month|year)s?( ago)?|20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])([ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?)?( UTC|Z)?)$/;

/**
 * What comes out of a substitution, for the few of which that is known: `$(date +%F)` has no slash, no blank and no dot in
 * front, so that `app-$(date +%F).log` stays a path; `$(date +%s)`, `$(nproc)` and `$(wc -l < FILE)` are numbers.
 */
export function shapeOf(script: ParsedScript): Value {
  const command = script.commands.length === 1 ? script.commands[0]?.command : undefined;
  if (command?.type === "Pipeline" && command.prefixes.length === 0) {
    const last = command.commands.at(-1);
    const plain = last?.type === "Command" && last.name?.text === "wc" && last.prefix.length + last.redirects.length === 0;
    return plain && /^-[lcmw]$/.test(last.args.map((part) => part.text).join(" ")) ? "digits" : null;
  }
  if (command?.type !== "Command" || command.prefix.length > 0) return null;
  const words = command.args.map((part) => part.text);
  const [redirect, ...more] = command.redirects;
  const name = command.name?.text ?? "";
  if (redirect !== undefined) {
    if (name !== "wc" || more.length > 0 || redirect.type !== "Redirect") return null;
    words.push(redirect.operator);
  }
  const line = words.join(" ");
  if (Object.hasOwn(NUMBER, name) && NUMBER[name]?.test(line) === true) return "integer";
  if (Object.hasOwn(ONE_NUMBER, name) && ONE_NUMBER[name]?.test(line) === true) return "digits";
  if (Object.hasOwn(NAMES, name) && NAMES[name]?.test(line) === true) return [{ text: WORD, pattern: true }];
  if (name !== "date") return null;
  const format = words.at(-1) ?? "";
  const rest = words.slice(0, -1);
  // Fields that may be empty or blank are not among them; a slash stands between parts that are not empty.
  const fields = /^(['"]?)\+(['"]?)([^'"]+)\2\1$/.exec(format)?.[3]?.split("/") ?? [];
  const plain = /^(?:[A-Za-z0-9_:]|%[YmdHMSFTsjyCGVuwaAbBNR])(?:[A-Za-z0-9_:.-]|%[YmdHMSFTsjyCGVuwaAbBNR])*$/;
  if (fields.length === 0 || !fields.every((field) => plain.test(field))) return null;
  if (!/^(-u ?)?$/.test(rest.join(" ")) && !isMoment(rest)) return null;
  return fields.join("/") === "%s" ? "integer" : [{ text: fields.map(() => WORD).join("/"), pattern: true }];
}

/** `-d 'MOMENT'`, `-u --date=MOMENT`. */
function isMoment(words: readonly string[]): boolean {
  const given = /^(?:-u )?(?:-d ?|--date[= ])(['"]?)(.*)\1$/.exec(words.join(" "));
  return given?.[2] !== undefined && MOMENT.test(given[2]) && (given[1] !== "" || !/\s/.test(given[2]));
}

/** Programs that say numbers, one a word, or nothing. */
const NUMBERS: Readonly<Record<string, RegExp>> = {
  pgrep: /^(-[fxino]+ )?(-[uU] [\w.][\w.-]* )?('[^'-][^']*'|"[^"$`\\-][^"$`\\]*"|[\w.@][\w.@:-]*)$/,
  pidof: /^[\w.][\w.-]*$/,
  seq: /^[0-9]+( [0-9]+){0,2}$/,
};

/** `$(pgrep NAME)` among the words of a loop. */
export function isListOfNumbers(word: Word | undefined): boolean {
  const [part, ...more] = word?.parts ?? [];
  if (part?.type !== "CommandExpansion" || more.length > 0 || part.script === undefined || /^\$\{/.test(part.text)) return false;
  const command = part.script.commands.length === 1 ? part.script.commands[0]?.command : undefined;
  if (command?.type !== "Command" || command.prefix.length + command.redirects.length > 0) return false;
  const line = command.args.map((word) => word.text).join(" ");
  const name = command.name?.text ?? "";
  return Object.hasOwn(NUMBERS, name) && NUMBERS[name]?.test(line) === true;
}
