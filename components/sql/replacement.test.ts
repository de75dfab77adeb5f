import { expect, test } from "vitest";
import { replacementIn } from "./replacement.ts";

const WHOLE = "select 1;\nselect * from people;\nselect 2";
/** The second statement, run by itself. */
const RAN = { text: "select * from people", offset: 10, whole: WHOLE };
/** All three, run at once. */
const ALL = { text: WHOLE, offset: 0, whole: WHOLE };

function replaced(now: string, ran: typeof RAN): string | null {
  const from = ran.text.indexOf("select *");
  const found = replacementIn(now, ran, { span: [from, from + 20], text: "select id from people" });
  return found === null ? null : now.slice(0, found.span[0]) + found.text + now.slice(found.span[1]);
}

test.each<[string, string, typeof RAN, string | null]>([
  ["where it stood", WHOLE, RAN, "select 1;\nselect id from people;\nselect 2"],
  ["in a run of several", WHOLE, ALL, "select 1;\nselect id from people;\nselect 2"],
  [
    "twice in an editor that did not change: the one that was run",
    "select * from people; select * from people",
    { text: "select * from people", offset: 22, whole: "select * from people; select * from people" },
    "select * from people; select id from people",
  ],
  ["moved by what was typed above", `-- a note\n${WHOLE}`, RAN, "-- a note\nselect 1;\nselect id from people;\nselect 2"],
  ["changed inside", "select 1;\nselect * from peoples;\nselect 2", RAN, null],
  ["longer than it was", "select 1;\nselect * from people where id = 1;\nselect 2", RAN, null],
  ["gone", "select 1", RAN, null],
  ["there twice by now", `${WHOLE};\nselect * from people`, RAN, null],
  ["in a comment only", "-- select * from people", RAN, null],
])("replacement: %s", (_name, now, ran, expected) => expect(replaced(now, ran)).toBe(expected));
