import { expect, test } from "vitest";
import type { WireBlock } from "../../server/contract/socket.ts";
import { meaningOfBlock } from "./block-meaning.ts";

const block = (outcome: WireBlock["outcome"], exitCode?: number | null): WireBlock => ({
  number: 1,
  line: "ls",
  outcome,
  startedAt: 0,
  ended: exitCode === undefined ? null : { exitCode, durationMs: 5 },
});

test.each([
  [block("builtin"), "quiet"],
  [block("builtin", 0), "quiet"],
  [block("builtin", 1), "deny"],
  [block("allow"), "quiet"],
  [block("allow", 0), "allow"],
  [block("allow", null), "allow"],
  [block("allow", 2), "deny"],
  [block("review"), "review"],
  [block("review", 0), "allow"],
  [block("deny", 126), "deny"],
])("%o is %s", (given, meaning) => expect(meaningOfBlock(given)).toBe(meaning));
