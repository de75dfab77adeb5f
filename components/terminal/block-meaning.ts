import type { WireBlock } from "../../server/contract/socket.ts";

export type BlockMeaning = "allow" | "review" | "deny" | "quiet";

/** Denied, or ended badly; waiting for a yes; under way or without an effect; done. */
export function meaningOfBlock({ outcome, ended }: WireBlock): BlockMeaning {
  if (outcome === "deny") return "deny";
  if (ended === null) return outcome === "review" ? "review" : "quiet";
  if (ended.exitCode !== 0 && ended.exitCode !== null) return "deny";
  return outcome === "builtin" ? "quiet" : "allow";
}
