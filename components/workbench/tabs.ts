import { z } from "zod";

/** What is open in the workbench; kept in the browser tab, so that a reload brings it back. */
export const WorkbenchTabs = z.object({
  tabs: z.array(z.object({ id: z.string(), target: z.string(), text: z.string() })),
  active: z.string().nullable(),
});
export type WorkbenchTabs = z.infer<typeof WorkbenchTabs>;

export type TabEvent =
  | { readonly type: "restored"; readonly tabs: WorkbenchTabs }
  | { readonly type: "opened"; readonly id: string; readonly target: string; readonly text: string }
  | { readonly type: "activated"; readonly id: string }
  | { readonly type: "closed"; readonly id: string }
  | { readonly type: "written"; readonly id: string; readonly text: string }
  /** `text` is put below what is there. */
  | { readonly type: "appended"; readonly id: string; readonly text: string };

export const NO_TABS: WorkbenchTabs = { tabs: [], active: null };

export function reduceTabs(state: WorkbenchTabs, event: TabEvent): WorkbenchTabs {
  switch (event.type) {
    case "restored":
      return event.tabs;
    case "opened":
      return { tabs: [...state.tabs, { id: event.id, target: event.target, text: event.text }], active: event.id };
    case "activated":
      return state.tabs.some((tab) => tab.id === event.id) ? { ...state, active: event.id } : state;
    case "closed": {
      const index = state.tabs.findIndex((tab) => tab.id === event.id);
      const tabs = state.tabs.filter((tab) => tab.id !== event.id);
      const active = state.active === event.id ? (tabs[Math.min(index, tabs.length - 1)]?.id ?? null) : state.active;
      return { tabs, active };
    }
    case "written":
      return { ...state, tabs: state.tabs.map((tab) => (tab.id === event.id ? { ...tab, text: event.text } : tab)) };
    case "appended":
      return {
        tabs: state.tabs.map((tab) => (tab.id === event.id ? { ...tab, text: below(tab.text, event.text) } : tab)),
        active: event.id,
      };
  }
}

function below(text: string, more: string): string {
  return text.trim() === "" ? more : `${text.trimEnd()}\n\n${more}`;
}
