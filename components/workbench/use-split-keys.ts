"use client";

import { useEffect, useRef } from "react";

/**
 * Ctrl+Shift+\ splits and joins, F6 goes to the other side. They come before what a terminal or editor makes of them;
 * F6 does so only when there is another side (`other` says whether).
 */
export function useSplitKeys(enabled: boolean, does: { split: () => void; other: () => boolean }): void {
  const latest = useRef(does);
  latest.current = does;
  useEffect(() => {
    if (!enabled) return;
    const pressed = (event: KeyboardEvent) => {
      if (document.querySelector("[aria-modal=true]") !== null) return;
      if (event.ctrlKey && event.shiftKey && event.code === "Backslash") latest.current.split();
      else if (event.key !== "F6" || event.ctrlKey || event.altKey || event.metaKey || !latest.current.other()) return;
      event.preventDefault();
      event.stopPropagation();
    };
    window.addEventListener("keydown", pressed, true);
    return () => window.removeEventListener("keydown", pressed, true);
  }, [enabled]);
}

/** Keys go to the terminal or editor of that tab. */
export function focusPanel(tab: string): void {
  const panel = document.getElementById(`panel-${tab}`);
  panel?.querySelector<HTMLElement>(".xterm-helper-textarea, .native-edit-context, .monaco-editor textarea")?.focus();
}
