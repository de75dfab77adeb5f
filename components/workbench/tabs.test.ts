import { expect, test } from "vitest";
import { NO_TABS, reduceTabs, type TabEvent, type WorkbenchTabs } from "./tabs.ts";

const three: WorkbenchTabs = {
  tabs: ["a", "b", "c"].map((id) => ({ id, target: "shop", text: id })),
  active: "b",
};
const seen = ({ tabs, active }: WorkbenchTabs) => tabs.map((tab) => (tab.id === active ? `[${tab.id}]` : tab.id)).join(" ");

test.each<[string, WorkbenchTabs, TabEvent, string]>([
  ["the first one", NO_TABS, { type: "opened", id: "a", target: "shop", text: "" }, "[a]"],
  ["a new one is shown", three, { type: "opened", id: "d", target: "shop", text: "" }, "a b c [d]"],
  ["another is shown", three, { type: "activated", id: "c" }, "a b [c]"],
  ["one that is gone is not", three, { type: "activated", id: "z" }, "a [b] c"],
  ["closing the shown one shows the next", three, { type: "closed", id: "b" }, "a [c]"],
  ["closing the shown last one shows the one before", { ...three, active: "c" }, { type: "closed", id: "c" }, "a [b]"],
  ["closing another changes nothing else", three, { type: "closed", id: "a" }, "[b] c"],
  ["closing the only one", { tabs: three.tabs.slice(0, 1), active: "a" }, { type: "closed", id: "a" }, ""],
])("%s", (_name, state, event, expected) => expect(seen(reduceTabs(state, event))).toBe(expected));

test.each([
  ["to an empty text", "", "select 1"],
  ["below what is there", "select 2;\n", "select 2;\n\nselect 1"],
])("appended %s", (_name, text, expected) => {
  const state = { tabs: [{ id: "a", target: "shop", text }], active: null };
  expect(reduceTabs(state, { type: "appended", id: "a", text: "select 1" }).tabs[0]?.text).toBe(expected);
});
