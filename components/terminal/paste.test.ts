import { expect, test } from "vitest";
import { pasteable } from "./paste.ts";

test.each([
  ["ls\n\tpwd\r\n", "ls\n\tpwd\r\n"],
  ["ls\u001b[201~\rrm -rf /\r", "ls[201~\rrm -rf /\r"],
  ["ls\u009b201~\r", "ls201~\r"],
  ["\u0003\u0004a\u007fb\u0085c", "abc"],
  ["naïve 漢 👩‍👩‍👧‍👦", "naïve 漢 👩‍👩‍👧‍👦"],
])("%j is pasted as %j", (text, pasted) => expect(pasteable(text)).toBe(pasted));
