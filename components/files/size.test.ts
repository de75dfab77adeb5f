import { expect, test } from "vitest";
import { sizeInWords } from "./size.ts";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1_000, "1.0 kB"],
  [123_456, "123 kB"],
  [5_400_000, "5.4 MB"],
  [2_000_000_000_000_000, "2000 TB"],
])("%d is %s", (bytes, words) => expect(sizeInWords(bytes)).toBe(words));
