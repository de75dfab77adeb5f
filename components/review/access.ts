import type { AccessRequestBody } from "../../server/contract/http.ts";
import type { WireDecision } from "../../server/contract/socket.ts";
import { ASKABLE } from "../../server/contract/vocabulary.ts";

export type Access = AccessRequestBody["access"][number];

/**
 * What can be asked for after a denial. Empty: nothing, because a policy forbids it or something in it cannot be asked
 * for, and then the rest would be of no use.
 */
export function askableOf(decision: WireDecision): readonly Access[] {
  if (decision.outcome !== "deny") return [];
  const denied = decision.reasons.filter((reason) => reason.outcome === "deny");
  const asked = new Map<string, Access>();
  for (const { action, resource, policy } of denied) {
    const known = ASKABLE.find((each) => each === action);
    if (known === undefined || policy !== null) return [];
    asked.set(`${action} ${resource}`, { action: known, resource });
  }
  return [...asked.values()];
}

/** The masked columns of a statement that a result's column of this name may show, the likeliest first. */
export function maskedLike(decision: WireDecision, name: string): readonly string[] {
  const last = (column: string) => /(?:^|\.)("(?:[^"]|"")*"|[^."]*)$/.exec(column)?.[1]?.replace(/^"|"$/g, "") ?? column;
  const columns = decision.masked.map(({ column }) => column);
  return [...columns.filter((column) => last(column) === name), ...columns.filter((column) => last(column) !== name)];
}

/** In words: `see public.customers.email as it is`. */
export function accessInWords({ action, resource }: { readonly action: string; readonly resource: string }): string {
  switch (action) {
    case "sql:unmask":
      return `see ${resource} as it is stored`;
    case "sql:select":
      return `read ${resource}`;
    case "shell:exec":
      return `run ${resource}, with any arguments`;
    case "shell:raw":
      return "open a raw shell, in which single commands are not judged";
    case "target:connect":
      return "connect";
    default:
      return `${action} ${resource}`;
  }
}

/** `30 minutes`, `2 hours`. */
export function minutesInWords(minutes: number): string {
  if (minutes >= 120 && minutes % 60 === 0) return `${minutes / 60} hours`;
  return minutes === 60 ? "1 hour" : minutes === 1 ? "1 minute" : `${minutes} minutes`;
}

/** Choices of at most `most` minutes, `most` among them. */
export function durations(most: number): readonly number[] {
  return [...new Set([5, 15, 30, 60, 120, 240, 480, most])].filter((minutes) => minutes <= most).toSorted((a, b) => a - b);
}
