import { test } from "vitest";
import { HALF_LIMIT_MS, replayHalf } from "./half.ts";

test(
  "N1 N2 W1 W2 PostgreSQL's regression tests break nothing and are not shown otherwise (first half)",
  { timeout: HALF_LIMIT_MS },
  () => replayHalf(0),
);
