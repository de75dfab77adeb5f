import { expect, test } from "vitest";
import { readScript } from "./script.ts";

const texts = (source: string) => readScript(source, { HOME: "/here" }).map(({ text }) => text);

test.each([
  ["semicolons end statements", "SELECT 1; SELECT 2;", ["SELECT 1", "SELECT 2"]],
  [
    "not in strings, names and comments",
    `SELECT ';', E'\\';', ";" /* ; /* ; */ ; */; -- ;\nTABLE t;`,
    [`SELECT ';', E'\\';', ";" /* ; /* ; */ ; */`, "TABLE t"],
  ],
  ["not in dollar quotes", "DO $x$ BEGIN; $$;$$ END; $x$; TABLE t;", ["DO $x$ BEGIN; $$;$$ END; $x$", "TABLE t"]],
  [
    "not in brackets",
    "CREATE RULE r AS ON INSERT TO t DO (DELETE FROM a; DELETE FROM b); TABLE t;",
    ["CREATE RULE r AS ON INSERT TO t DO (DELETE FROM a; DELETE FROM b)", "TABLE t"],
  ],
  [
    "not in a function's body",
    "CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT 2; END; TABLE t;",
    ["CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT 2; END", "TABLE t"],
  ],
  ["psql's own lines are left out", "\\d t\nSELECT 1 \\gset\n\\echo x\nTABLE t;", ["SELECT 1", "TABLE t"]],
  [
    "variables are put in",
    "\\getenv dir HOME\n\\set file :dir '/data'\nCOPY t FROM :'file'; SELECT 1::text, a[1:2];",
    ["COPY t FROM '/here/data'", "SELECT 1::text, a[1:2]"],
  ],
])("%s", (_name, source, expected) => {
  expect(texts(source)).toEqual(expected);
});

test("data follows COPY", () => {
  expect(readScript("COPY t FROM stdin;\n1\t;\n2\t'\n\\.\nTABLE t;", {})).toEqual([
    { text: "COPY t FROM stdin", data: "1\t;\n2\t'\n" },
    { text: "TABLE t", data: null },
  ]);
});
