import type { measureCatalog } from "./catalog.ts";
import type { guardCost } from "./guard.ts";
import type { measureHostile } from "./hostile.ts";
import type { measureMemory } from "./memory.ts";
import { round } from "./percentile.ts";
import { type measurePlans, WITH_MASK } from "./plans.ts";
import type { measureReviews } from "./reviews.ts";
import type { shellDecisions, slowestLine } from "./shell-lines.ts";
import type { measureStreaming } from "./streaming.ts";

/** A measurement beside what it has to be. */
export interface Goal {
  readonly what: string;
  readonly value: number;
  readonly must: "at most" | "at least";
  readonly limit: number;
}

/** One line each, those that were missed marked. */
export function goalLines(goals: readonly Goal[]): readonly string[] {
  return goals.map(({ what, value, must, limit }) => {
    const met = must === "at most" ? value <= limit : value >= limit;
    return `${met ? "  met " : "MISSED"}  ${what}: ${value} (${must} ${limit})`;
  });
}

interface Measured {
  readonly guardMs: Awaited<ReturnType<typeof guardCost>>;
  readonly streaming: Readonly<Record<string, Awaited<ReturnType<typeof measureStreaming>>>>;
  readonly plans: Awaited<ReturnType<typeof measurePlans>>;
  readonly catalog: Awaited<ReturnType<typeof measureCatalog>>;
  readonly hostile: Awaited<ReturnType<typeof measureHostile>>;
  readonly memory: Awaited<ReturnType<typeof measureMemory>>;
  readonly reviews: Awaited<ReturnType<typeof measureReviews>>;
  readonly shell: {
    readonly ordinary: Awaited<ReturnType<typeof shellDecisions>>;
    readonly hostile: Awaited<ReturnType<typeof slowestLine>>;
  };
}

/** What the guards and reviews have to reach. */
export function goalsOf({ guardMs, streaming, plans, catalog, hostile, memory, reviews, shell }: Measured): readonly Goal[] {
  const most = (what: string, value: number, limit: number): Goal => ({ what, value, must: "at most", limit });
  const texts = Object.values(hostile.texts);
  // What is compiled and remembered is there after the first part.
  const [, second] = memory;
  const last = memory.at(-1);
  return [
    most("guard, everyday statement of 3 tables, ms of CPU, p50", guardMs.everyday.p50, 0.6),
    most("guard, 10 tables in 2 kB, ms of CPU, p50", guardMs.tenTables.p50, 2.5),
    most("guard, seen before, ms of CPU, p50", guardMs.seenBefore.p50, 0.1),
    ...Object.entries(streaming).map(
      ([what, { ratio }]): Goal => ({
        what: `1,000,000 rows, ${what}, rows/s beside psql`,
        value: ratio,
        must: "at least",
        limit: 1,
      }),
    ),
    ...Object.entries(plans).flatMap(([what, { executionRatio }]) =>
      what === WITH_MASK ? [] : most(`plan: ${what}, ratio`, executionRatio, 1.1),
    ),
    most("catalog of 5,000 tables, load, ms", catalog.loadMs.p50, 1_000),
    most("catalog of 5,000 tables, revalidation, ms a statement, p99", catalog.revalidationMs.p99, 1.5),
    most("hostile texts, the slowest, ms", Math.max(...texts.map(({ maxMs }) => maxMs)), 600),
    most("hostile texts, event loop held up by one, ms of CPU", Math.max(...texts.map(({ loopBusyMs }) => loopBusyMs)), 20),
    most("command lines, ordinary, parse, describe and decide, ms, p99", shell.ordinary.p99Ms, 1),
    most("command lines, hostile, the thread held up by one, ms", shell.hostile.ms, 20),
    most("submitted to seen by its reviewer on another replica, ms, p99", reviews.submitToReviewerMs.p99, 100),
    most("a yes on another replica to the first row, ms, p99", reviews.yesToFirstRowMs.p99, 100),
    most("200,000 statements, growth of the heap, MB", round((last?.heapMb ?? 0) - (second?.heapMb ?? 0)), 5),
  ];
}
