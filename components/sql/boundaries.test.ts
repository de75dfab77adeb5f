import { describe, expect, test } from "vitest";
import { statementAt, statements } from "./boundaries.ts";

describe("statements", () => {
  const cut = (text: string) => statements(text).map(([from, to]) => text.slice(from, to));
  test.each<[string, string, string[]]>([
    ["nothing", "", []],
    ["only space and comments", "  -- a\n/* b */ ", []],
    ["one, without a semicolon", "select 1", ["select 1"]],
    ["two", "select 1; select 2;", ["select 1", "select 2"]],
    ["empty ones between", ";; select 1 ;;", ["select 1"]],
    ["a comment before belongs to nobody", "-- first\nselect 1;\n-- second\nselect 2", ["select 1", "select 2"]],
    ["a comment inside stays", "select 1 -- one\n, 2; select 3", ["select 1 -- one\n, 2", "select 3"]],
    ["a semicolon in a string", "select ';'; select 2", ["select ';'", "select 2"]],
    ["a doubled quote", "select 'it''s;'; select 2", ["select 'it''s;'", "select 2"]],
    ["a backslash is nothing in a plain string", "select 'a\\'; select 2", ["select 'a\\'", "select 2"]],
    ["a backslash escapes in E''", "select E'a\\';'; select 2", ["select E'a\\';'", "select 2"]],
    ["a name that ends in e is not E''", "select note';'; select 2", ["select note';'", "select 2"]],
    ["a quoted name", 'select ";"; select 2', ['select ";"', "select 2"]],
    ["a dollar quote", "do $$ begin; end $$; select 2", ["do $$ begin; end $$", "select 2"]],
    ["a tagged dollar quote", "do $a$ ; $$ ; $b$ ; $a$; select 2", ["do $a$ ; $$ ; $b$ ; $a$", "select 2"]],
    ["a parameter is not a dollar quote", "select $1; select $2", ["select $1", "select $2"]],
    ["comments nest", "select /* ; /* ; */ ; */ 1; select 2", ["select /* ; /* ; */ ; */ 1", "select 2"]],
    [
      "parentheses hold",
      "create rule r as on insert to t do (a; b); select 2",
      ["create rule r as on insert to t do (a; b)", "select 2"],
    ],
    [
      "begin atomic holds to its end",
      "create function f() begin atomic select case when a then 1 end; select 2; end; select 3",
      ["create function f() begin atomic select case when a then 1 end; select 2; end", "select 3"],
    ],
    ["begin alone does not", "begin; select 1; end", ["begin", "select 1", "end"]],
    ["an open string runs to the end", "select 'a; select 2", ["select 'a; select 2"]],
    ["an open comment is space", "select 1; /* select 2", ["select 1"]],
    ["letters of other scripts", "select größe; select 名前", ["select größe", "select 名前"]],
  ])("%s", (_name, text, expected) => expect(cut(text)).toEqual(expected));
});

describe("statementAt", () => {
  /** `|` is the cursor. */
  test.each<[string, string, string | null]>([
    ["inside", "sel|ect 1; select 2", "select 1"],
    ["after its semicolon on the same line", "select 1;| ", "select 1"],
    ["on the line below: the next one", "select 1;\n|\nselect 2", "select 2"],
    ["below the last one", "select 1;\n\n|", "select 1"],
    ["before the first one", "|\nselect 1", "select 1"],
    ["at the start of the second", "select 1;|select 2", "select 2"],
    ["nothing", "|", null],
  ])("%s", (_name, marked, expected) => {
    const text = marked.replace("|", "");
    const span = statementAt(text, marked.indexOf("|"));
    expect(span === null ? null : text.slice(...span)).toBe(expected);
  });
});
