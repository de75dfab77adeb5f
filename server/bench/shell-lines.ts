import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { SCHEMA_OF_KIND } from "../core/domain/configuration.ts";
import type { Decision } from "../core/domain/decision.ts";
import { describeShell, incomplete } from "../core/guard/shell/index.ts";
import { compilePolicySet, decide } from "../core/policy/index.ts";
import { hostileLines } from "./hostile-lines.ts";
import { quantile, round } from "./percentile.ts";

const ROUNDS = 150;
const TRIES = 5;
const WHERE = { cwd: "/srv/app", home: "/home/deploy", user: "deploy", environment: {} };
const person = { id: "bench@acme.test", name: "Bench", groups: ["engineers"], attributes: {} };
const Corpus = z.object({ cases: z.array(z.object({ input: z.string() })) });

type Guard = (text: string) => Decision | null;

/** Parse, describe and decide under `policies/read-only.yaml`. Null: refused as a text. `root`: the package's folder. */
export async function shellGuard(root: string): Promise<Guard> {
  const target = SCHEMA_OF_KIND.target.parse({
    kind: "target",
    id: "web-1",
    type: "ssh",
    environment: "prod",
    ssh: { host: "h", user: "deploy" },
  });
  const policies = parseAllDocuments(await readFile(join(root, "policies/read-only.yaml"), "utf8"));
  const documents = policies.map((document) => SCHEMA_OF_KIND.policy.parse(document.toJS()));
  const { set } = compilePolicySet([target, ...documents], 1);
  return (text) => {
    const described = describeShell(text, WHERE);
    if ("refusal" in described) return null;
    const { microActions, facts } = described;
    return decide(set, { principal: person, target, microActions, facts }, 0);
  };
}

/** Ordinary lines, in ms of the gateway's thread each. */
export async function shellDecisions(root: string) {
  const guard = await shellGuard(root);
  const corpus = Corpus.parse(JSON.parse(await readFile(join(root, "test/corpus/shell-honest.json"), "utf8")));
  const lines = corpus.cases.map(({ input }) => input);
  const times: number[] = [];
  for (let turn = 0; turn < 2 * ROUNDS; turn++) {
    for (const line of lines) {
      const began = performance.now();
      guard(line);
      // The first half warms the engine.
      if (turn >= ROUNDS) times.push(performance.now() - began);
    }
  }
  return { lines: lines.length, p50Ms: round(quantile(times, 0.5)), p99Ms: round(quantile(times, 0.99)) };
}

/** The hostile line that keeps the gateway's thread longest: the fastest of some tries, for the machine is shared. */
export async function slowestLine(root: string): Promise<{ readonly line: string; readonly ms: number }> {
  const guard = await shellGuard(root);
  let slowest = { line: "", ms: 0 };
  for (const [line, text] of hostileLines()) {
    let ms = Number.POSITIVE_INFINITY;
    for (let i = 0; i < TRIES; i++) {
      const began = performance.now();
      guard(text);
      const decided = performance.now();
      incomplete(text);
      // Two tasks of the loop: whether Enter ends the line, and the verdict.
      ms = Math.min(ms, Math.max(decided - began, performance.now() - decided));
    }
    if (ms > slowest.ms) slowest = { line, ms: round(ms) };
  }
  return slowest;
}
