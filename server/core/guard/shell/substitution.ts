import type { ParsedScript } from "unbash";
import type { Value } from "./state.ts";

/**
 * What comes out of a substitution, for the few of which that is known: `$(date +%F)` has no slash, no blank and no dot in
 * front, so that `app-$(date +%F).log` stays a path; `$(date +%s)`, `$(nproc)` and `$(wc -l < FILE)` are numbers.
 */
export function shapeOf(script: ParsedScript): Value {
  const command = script.commands.length === 1 ? script.commands[0]?.command : undefined;
  if (command?.type !== "Command" || command.prefix.length > 0) return null;
  const words = command.args.map((part) => part.text);
  const [redirect, ...more] = command.redirects;
  if (command.name?.text === "wc" && more.length === 0 && redirect?.type === "Redirect" && redirect.operator === "<")
    return words.length === 1 && /^-[lcmw]$/.test(words[0] ?? "") ? "integer" : null;
  if (command.redirects.length > 0) return null;
  if (command.name?.text === "nproc" && words.length === 0) return "integer";
  if (command.name?.text !== "date") return null;
  const format = words.at(-1) ?? "";
  const rest = words.slice(0, -1);
  // Fields that may be empty or blank are not among them.
  if (!/^\+(['"]?)(?:[A-Za-z0-9_:]|%[YmdHMSFTsjyCGVuwaAbBNR])(?:[A-Za-z0-9_:.-]|%[YmdHMSFTsjyCGVuwaAbBNR])*\1$/.test(format))
    return null;
  if (rest.length > 1 || (rest.length === 1 && rest[0] !== "-u")) return null;
  return format === "+%s" ? "integer" : [{ text: "[0-9A-Za-z]*", pattern: true }];
}
