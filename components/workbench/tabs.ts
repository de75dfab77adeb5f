import { z } from "zod";

/** What is open in the workbench; kept in the browser tab, so that a reload brings it back. */
export const WorkbenchTabs = z.object({
  tabs: z.array(z.object({ id: z.string(), target: z.string(), text: z.string() })),
  /** The one that keys go to: `left` or `right`. */
  active: z.string().nullable(),
  left: z.string().nullable(),
  /** Shown beside it; null: there is one pane. */
  right: z.string().nullable(),
});
export type WorkbenchTabs = z.infer<typeof WorkbenchTabs>;

export type TabEvent =
  | { readonly type: "restored"; readonly tabs: WorkbenchTabs }
  | { readonly type: "opened"; readonly id: string; readonly target: string; readonly text: string }
  /** Shown in the pane that is active, unless it is in sight already. */
  | { readonly type: "activated"; readonly id: string }
  /** Beside the active one. */
  | { readonly type: "split"; readonly id: string }
  /** The active one alone. */
  | { readonly type: "joined" }
  | { readonly type: "closed"; readonly id: string }
  | { readonly type: "written"; readonly id: string; readonly text: string }
  /** `text` is put below what is there. */
  | { readonly type: "appended"; readonly id: string; readonly text: string };

export const NO_TABS: WorkbenchTabs = { tabs: [], active: null, left: null, right: null };

export function reduceTabs(state: WorkbenchTabs, event: TabEvent): WorkbenchTabs {
  switch (event.type) {
    case "restored":
      return event.tabs;
    case "opened": {
      const tabs = [...state.tabs, { id: event.id, target: event.target, text: event.text }];
      return shown({ ...state, tabs }, event.id);
    }
    case "activated":
      return shown(state, event.id);
    case "split":
      if (!state.tabs.some((tab) => tab.id === event.id) || state.active === null || event.id === state.active) return state;
      return { ...state, left: state.active, right: event.id, active: event.id };
    case "joined":
      return { ...state, left: state.active, right: null };
    case "closed":
      return closed(state, event.id);
    case "written":
      return { ...state, tabs: state.tabs.map((tab) => (tab.id === event.id ? { ...tab, text: event.text } : tab)) };
    case "appended":
      return shown(
        { ...state, tabs: state.tabs.map((tab) => (tab.id === event.id ? { ...tab, text: below(tab.text, event.text) } : tab)) },
        event.id,
      );
  }
}

function shown(state: WorkbenchTabs, id: string): WorkbenchTabs {
  if (!state.tabs.some((tab) => tab.id === id)) return state;
  if (id === state.left || id === state.right) return { ...state, active: id };
  return state.right !== null && state.active === state.right
    ? { ...state, right: id, active: id }
    : { ...state, left: id, active: id };
}

function closed(state: WorkbenchTabs, id: string): WorkbenchTabs {
  const index = state.tabs.findIndex((tab) => tab.id === id);
  const tabs = state.tabs.filter((tab) => tab.id !== id);
  if (id !== state.left && id !== state.right) return { ...state, tabs };
  // The other pane stays, alone; else the next tab takes the place.
  const other = state.right === null ? null : id === state.left ? state.right : state.left;
  const left = other ?? tabs[Math.min(index, tabs.length - 1)]?.id ?? null;
  return { tabs, left, right: null, active: left };
}

function below(text: string, more: string): string {
  return text.trim() === "" ? more : `${text.trimEnd()}\n\n${more}`;
}
