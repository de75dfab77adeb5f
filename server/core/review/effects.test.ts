import { describe, expect, it } from "vitest";
import { describeShell } from "../guard/shell/index.ts";
import { effectsOf } from "./effects.ts";

const WHERE = { cwd: "/srv/app", home: "/home/deploy", user: "deploy", environment: {} };

/** As the page of a review says it: `deletes /tmp/a`. */
function effects(line: string): readonly string[] {
  const described = describeShell(line, WHERE);
  if ("refusal" in described) throw new Error(described.refusal.message);
  return effectsOf(described.microActions).map(({ kind, what }) => `${kind} ${what.join(", ")}`);
}

describe("effects of a command line", () => {
  it.each<[string, readonly string[]]>([
    ["systemctl restart shop-api", ["services systemctl restart shop-api"]],
    ["sudo systemctl stop nginx shop-api", ["services systemctl stop nginx shop-api", "privileges sudo"]],
    ["service nginx restart", ["services service nginx restart"]],
    ["mv a b && cp b c", ["deletes /srv/app/a", "changes /srv/app/b, /srv/app/c", "reads /srv/app/b"]],
    ["curl -o /tmp/x https://example.com/a", ["changes /tmp/x", "network example.com"]],
    ["kill -9 123", ["processes kill KILL 123"]],
    ["python3 x.py", ["reads /srv/app/x.py", "unknown `python3`: a language of its own, which runs programs"]],
    ["date -u", []],
  ])("%s", (line, expected) => expect(effects(line)).toEqual(expected));

  it("are those of a statement's own kind: nothing of SQL", () => {
    const table = { kind: "table", schema: "public", table: "orders" } as const;
    expect(effectsOf([{ action: "sql:delete", resource: table, span: [0, 1] }])).toEqual([]);
  });
});
