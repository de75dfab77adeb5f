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

const ATTACKS = ["shell-attacks.json", "shell-attacks-more.json", "shell-attacks-options.json"]
  .flatMap(corpus)
  .filter((row) => row.layer !== "output");
const HONEST = ["shell-honest.json", "shell-honest-more.json", "shell-honest-night.json"].flatMap(corpus);

const target: Target = {
  kind: "target",
  id: "web-1",
  type: "ssh",
  environment: "prod",
  labels: {},
  ssh: { host: "h", port: 22, user: "deploy" },
};
const setOf = (file: string) => {
  const documents: ConfigurationDocument[] = parseAllDocuments(readFileSync(path.join(root, "policies", file), "utf8")).map(
    (document) => SCHEMA_OF_KIND.policy.parse(document.toJS()),
  );
  const compiled = compilePolicySet([target, ...documents], 1);
  if (compiled.issues.length > 0) throw new Error(JSON.stringify(compiled.issues));
  return compiled.set;
};
const readOnly = setOf("read-only.yaml");
const operator = setOf("operator.yaml");
const breakGlass = setOf("break-glass.yaml");
const personIn = (group: string) => ({ id: "engineer@acme.test", name: "Engineer", groups: [group], attributes: {} });
const where = { cwd: "/srv/app", home: "/home/deploy", user: "deploy", environment: {} };

function outcome(text: string, set = readOnly, group = "engineers"): { outcome: string; decision: Decision | null } {
  if (incomplete(text)) return { outcome: "review", decision: null };
  const described = describeShell(text, where);
  if ("refusal" in described) return { outcome: "deny", decision: null };
  const decision = decide(
    set,
    { principal: personIn(group), target, microActions: described.microActions, facts: described.facts },
    0,
  );
  return { outcome: decision.outcome, decision };
}

function reasons(decision: Decision | null): string {
  return (
    decision?.reasons.map((reason) => `${reason.outcome} ${reason.policy} ${reason.action} ${reason.resource}`).join(" | ") ?? ""
  );
}

describe("SG-40 what is typed to get round policies gets the expected answer", () => {
  for (const row of ATTACKS) {
    test(`${row.id} ${row.input.slice(0, 60)}`, () => {
      const found = outcome(row.input);
      expect(`${found.outcome}`, `${row.why}: ${reasons(found.decision)}`).toBe(row.expectedUnderReadOnlyRole);
    });
  }
});

describe("SG-41 ordinary debugging lines are allowed", () => {
  for (const row of HONEST) {
    test(`${row.id} ${row.input.slice(0, 60)}`, () => {
      const found = outcome(row.input);
      expect(found.outcome, reasons(found.decision)).toBe(row.expectedUnderReadOnlyRole);
    });
  }
});

describe("SG-42 the ready-made sets", () => {
  test("operators see all that read-only shows", { timeout: 60_000 }, () => {
    const refused = HONEST.map((row) => ({ input: row.input, ...outcome(row.input, operator, "operators") })).filter(
      (found) => found.outcome !== "allow",
    );
    expect(refused.map((found) => `${found.input}: ${reasons(found.decision)}`)).toEqual([]);
  });

  test("no attack passes operators without a yes", { timeout: 60_000 }, () => {
    const passed = ATTACKS.filter((row) => outcome(row.input, operator, "operators").outcome === "allow").map((row) => row.input);
    // They may give keys to it.
    expect(passed).toEqual(["less /var/log/syslog | cat"]);
  });

  test.each([
    ["systemctl restart nginx", "review"],
    ["systemctl kill nginx", "review"],
    ["systemctl enable evil", "deny"],
    ["kill -9 1234", "review"],
    ["top", "review"],
    ["top -s", "allow"],
    ["kill 1234 -l", "review"],
    ["kill -0 1234", "allow"],
    ["kill -9 1", "deny"],
    ["kill -9 -1", "deny"],
    ["pkill -f java", "review"],
    ["docker restart web", "review"],
    ["docker kill web", "review"],
    ["docker run -v /:/h alpine", "deny"],
    ["docker exec web sh", "deny"],
    ["kubectl rollout restart deploy/web", "review"],
    ["kubectl delete pod web-0", "review"],
    ["kubectl delete pods --all", "deny"],
    ["kubectl delete deploy web", "deny"],
    ["kubectl get SECRETS", "deny"],
    ["git pull", "review"],
    ["git push", "deny"],
    ["ln -sfn /srv/app/releases/2 /srv/app/current", "review"],
    ["ln -s /etc/shadow /srv/app/x", "deny"],
    ["cp /etc/shadow /srv/app/x", "deny"],
    ["rm -rf /etc", "deny"],
    ["less /var/log/syslog", "allow"],
    ["env -i less /var/log/syslog", "deny"],
    ["less +!id /var/log/syslog", "review"],
    ["more /var/log/syslog", "review"],
    ["sudo id", "deny"],
    ["sh", "deny"],
  ])("operators: %s: %s", (text, expected) => {
    const found = outcome(text, operator, "operators");
    expect(found.outcome, reasons(found.decision)).toBe(expected);
  });

  test("break-glass: a raw shell waits for two people of sre-leads and a watcher; single commands only break glass", () => {
    const raw = decide(
      breakGlass,
      {
        principal: personIn("break-glass"),
        target,
        microActions: [{ action: "shell:raw", resource: { kind: "target" }, span: [0, 0] }],
        facts: { kind: "shell" },
      },
      0,
    );
    expect(raw.outcome).toBe("review");
    expect(raw.obligations).toEqual([
      expect.objectContaining({
        type: "approvals",
        approvals: 2,
        reviewers: { groups: ["sre-leads"], users: [] },
        expireAfterMs: 600_000,
      }),
      { type: "watched", policy: "break-glass-raw" },
    ]);
    expect(outcome("ls", breakGlass, "break-glass").decision?.obligations).toEqual([
      expect.objectContaining({ type: "review-after", reviewers: { groups: ["sre-leads"], users: [] }, withinMs: 86_400_000 }),
    ]);
    expect(outcome("python3 x.py", breakGlass, "break-glass").outcome).toBe("deny");
    expect(outcome("ls", breakGlass, "sre-leads").outcome).toBe("deny");
  });
});

describe("lines that once were let through under policies/read-only.yaml", () => {
  test.each([
    // An expansion gives a variable its value, and the word it stands in is looked at by nobody.
    ": ${x:=/srv/app/.env}; cat $x",
    'true "${x:=/srv/app/.env}"; cat $x',
    "[[ -n ${x:=/srv/app/.env} ]]; cat $x",
    "case a in ${x:=/srv/app/.env}) ;; *) cat $x;; esac",
    "y=${x:=/srv/app/.env}; cat $x",
    ": ${y:-${x:=/srv/app/.env}}; cat $x",
    ": {${x:=/srv/app/.env},b}; cat $x",
    "for i in 1 2; do cat $x; eval ': ${x:=/srv/app/.env}'; done",
    "x=0; echo $((x=9)); kill -$x 1234",
    "x=0; echo $((x++)) >/dev/null; kill -$x 1234",
    // What is known of a word that is unknown as a whole makes several of it.
    "y='a /srv/app/.env'; grep $y\"$(true)\" /etc/hostname",
    'grep "$(true)".e* /etc/hostname',
    "y='.e*'; grep \"$(true)\"$y /etc/hostname",
    // Commands that set nothing, or set it in another way, or at another time.
    "x=/srv/app/.env; local x=ok; cat $x",
    "x=/srv/app/.env; declare -z x=ok; cat $x",
    "x=/srv/app/.env; declare -p x=ok; cat $x",
    "declare -l x; x=/SRV/APP/.ENV; cat $x",
    "trap 'x=/srv/app/.env' DEBUG; cat $x",
    "trap 'x=/srv/app/.env' ERR; false; cat $x",
    // `~` after `=` is the home in any argument.
    "comm a=~/x /etc/hostname",
    // Braces pair in another way than they look.
    "cat {x}\\{/,/etc/shadow}",
    "cat {a}b,/etc/shadow}",
    "cat {x}'{'a,/etc/shadow}",
    // It reads all that is below the directory it is in.
    "rg PASSWORD",
    "rg . --hidden",
    // One word to the shell, two to the parser.
    "uniq a<(ls)b c",
  ])("%s", (text) => expect(outcome(text).outcome).not.toBe("allow"));

  test.each([
    "exec -c less /etc/hostname",
    "exec -lc less /etc/hostname",
    "env -i less /etc/hostname",
    "unset LESSSECURE; less x",
  ])("under policies/operator.yaml, where a pager has to be in its secure mode: %s", (text) => {
    expect(outcome("less /etc/hostname", operator, "operators").outcome).toBe("allow");
    expect(outcome(text, operator, "operators").outcome).not.toBe("allow");
  });
});
