import { expect, test } from "vitest";
import { NO_TABS, reduceTabs, type TabEvent, type WorkbenchTabs } from "./tabs.ts";

const three: WorkbenchTabs = {
  tabs: ["a", "b", "c"].map((id) => ({ id, target: "shop", text: id })),
  active: "b",
  left: "b",
  right: null,
};
const two: WorkbenchTabs = { ...three, right: "c" };
/** `a [b] | c`: the tabs, then what stands left and right; the active one in brackets. */
const seen = ({ tabs, active, left, right }: WorkbenchTabs) => {
  const name = (id: string) => (id === active ? `[${id}]` : id);
  return `${tabs.map((tab) => tab.id).join(" ")}: ${[left, right].flatMap((id) => (id === null ? [] : name(id))).join(" | ")}`;
};

test.each<[string, WorkbenchTabs, TabEvent, string]>([
  ["the first one", NO_TABS, { type: "opened", id: "a", target: "shop", text: "" }, "a: [a]"],
  ["a new one is shown", three, { type: "opened", id: "d", target: "shop", text: "" }, "a b c d: [d]"],
  ["another is shown", three, { type: "activated", id: "c" }, "a b c: [c]"],
  ["one that is gone is not", three, { type: "activated", id: "z" }, "a b c: [b]"],
  ["closing the shown one shows the next", three, { type: "closed", id: "b" }, "a c: [c]"],
  [
    "closing the shown last one shows the one before",
    { ...three, active: "c", left: "c" },
    { type: "closed", id: "c" },
    "a b: [b]",
  ],
  ["closing another changes nothing else", three, { type: "closed", id: "a" }, "b c: [b]"],
  ["closing the only one", { ...three, tabs: three.tabs.slice(0, 1), active: "a", left: "a" }, { type: "closed", id: "a" }, ": "],
  ["another beside", three, { type: "split", id: "a" }, "a b c: b | [a]"],
  ["not itself beside itself", three, { type: "split", id: "b" }, "a b c: [b]"],
  ["nothing beside nothing", NO_TABS, { type: "split", id: "a" }, ": "],
  ["what is in sight stays where it is", two, { type: "activated", id: "c" }, "a b c: b | [c]"],
  ["another takes the active pane", { ...two, active: "c" }, { type: "activated", id: "a" }, "a b c: b | [a]"],
  ["the left one too", two, { type: "opened", id: "d", target: "shop", text: "" }, "a b c d: [d] | c"],
  ["closing the right one leaves the left", { ...two, active: "c" }, { type: "closed", id: "c" }, "a b: [b]"],
  ["closing the left one leaves the right", two, { type: "closed", id: "b" }, "a c: [c]"],
  ["the active one alone", { ...two, active: "c" }, { type: "joined" }, "a b c: [c]"],
])("%s", (_name, state, event, expected) => expect(seen(reduceTabs(state, event))).toBe(expected));

test.each([
  ["to an empty text", "", "select 1"],
  ["below what is there", "select 2;\n", "select 2;\n\nselect 1"],
])("appended %s", (_name, text, expected) => {
  const state = { ...NO_TABS, tabs: [{ id: "a", target: "shop", text }] };
  expect(reduceTabs(state, { type: "appended", id: "a", text: "select 1" }).tabs[0]?.text).toBe(expected);
});
