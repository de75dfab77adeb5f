import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { type ConfigurationDocument, SCHEMA_OF_KIND, type Target } from "../../domain/configuration.ts";
import type { Decision } from "../../domain/decision.ts";
import { compilePolicySet, decide } from "../../policy/index.ts";
import { describeShell } from "./index.ts";
import { incomplete } from "./read.ts";

const root = path.join(import.meta.dirname, "../../../..");
const Corpus = z.object({
  cases: z.array(
    z.object({
      id: z.string(),
      layer: z.string().default("command"),
      input: z.string(),
      expectedUnderReadOnlyRole: z.string(),
      why: z.string().default(""),
    }),
  ),
});
const corpus = (name: string) => Corpus.parse(JSON.parse(readFileSync(path.join(root, "test/corpus", name), "utf8"))).cases;

const target: Target = {
  kind: "target",
  id: "web-1",
  type: "ssh",
  environment: "prod",
  labels: {},
  ssh: { host: "h", port: 22, user: "deploy" },
};
const documents: ConfigurationDocument[] = parseAllDocuments(
  readFileSync(path.join(root, "policies/read-only.yaml"), "utf8"),
).map((document) => SCHEMA_OF_KIND.policy.parse(document.toJS()));
const compiled = compilePolicySet([target, ...documents], 1);
if (compiled.issues.length > 0) throw new Error(JSON.stringify(compiled.issues));
const set = compiled.set;
const principal = { id: "engineer@acme.test", name: "Engineer", groups: ["engineers"], attributes: {} };
const where = { cwd: "/srv/app", home: "/home/deploy", user: "deploy", environment: {} };

function outcome(text: string): { outcome: string; decision: Decision | null } {
  if (incomplete(text)) return { outcome: "review", decision: null };
  const described = describeShell(text, where);
  if ("refusal" in described) return { outcome: "deny", decision: null };
  const decision = decide(set, { principal, target, microActions: described.microActions, facts: described.facts }, 0);
  return { outcome: decision.outcome, decision };
}

function reasons(decision: Decision | null): string {
  return (
    decision?.reasons.map((reason) => `${reason.outcome} ${reason.policy} ${reason.action} ${reason.resource}`).join(" | ") ?? ""
  );
}

describe("SG-40 what is typed to get round policies gets the expected answer", () => {
  for (const row of corpus("shell-attacks.json").filter((row) => row.layer !== "output")) {
    test(`${row.id} ${row.input.slice(0, 60)}`, () => {
      const found = outcome(row.input);
      expect(`${found.outcome}`, `${row.why}: ${reasons(found.decision)}`).toBe(row.expectedUnderReadOnlyRole);
    });
  }
});

describe("SG-41 ordinary debugging lines are allowed", () => {
  for (const row of [...corpus("shell-honest.json"), ...corpus("shell-honest-more.json")]) {
    test(`${row.id} ${row.input.slice(0, 60)}`, () => {
      const found = outcome(row.input);
      expect(found.outcome, reasons(found.decision)).toBe(row.expectedUnderReadOnlyRole);
    });
  }
});
