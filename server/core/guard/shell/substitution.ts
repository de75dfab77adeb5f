import type { ParsedScript } from "unbash";
import type { Value } from "./state.ts";

/** `$(date +%F)` and its like: what comes out has no slash and no blank, so that `app-$(date +%F).log` stays a path. */
export function dateShape(script: ParsedScript): Value {
  const command = script.commands.length === 1 ? script.commands[0]?.command : undefined;
  if (command?.type !== "Command" || command.name?.text !== "date" || command.redirects.length > 0 || command.prefix.length > 0)
    return null;
  const words = command.args.map((part) => part.text);
  const format = words.at(-1) ?? "";
  const rest = words.slice(0, -1);
  if (!/^\+['"]?[A-Za-z0-9%_:.-]+['"]?$/.test(format) || /%[-_0^#]*[DxcX]/.test(format)) return null;
  return rest.length === 0 || (rest.length === 1 && rest[0] === "-u") ? [{ text: "[0-9A-Za-z]*", pattern: true }] : null;
}
