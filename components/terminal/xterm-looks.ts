import type { ISearchOptions } from "@xterm/addon-search";
import type { ITerminalOptions, ITheme } from "@xterm/xterm";
import type { TerminalSettings } from "./settings.ts";

export const FONTS: Readonly<Record<TerminalSettings["font"], string>> = {
  "jetbrains-mono": '"JetBrains Mono Variable", ui-monospace, monospace',
  system: "ui-monospace, Menlo, Consolas, monospace",
};

/** How every terminal looks, live or recorded. */
export const LOOKS: ITerminalOptions = {
  allowProposedApi: true,
  fontFamily: FONTS["jetbrains-mono"],
  lineHeight: 1.15,
  scrollback: 10_000,
  cursorBlink: false,
  cursorInactiveStyle: "outline",
  minimumContrastRatio: 4.5,
};

/** The tokens as xterm takes them; the cursor is of the environment's colour. */
export function themeOf(element: Element): ITheme {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    background: token("surface"),
    foreground: token("text"),
    cursor: token("edge"),
    cursorAccent: token("surface"),
    selectionBackground: token("selected"),
    black: "#3b3f45",
    red: token("deny"),
    green: token("allow"),
    yellow: token("review"),
    blue: token("accent"),
    magenta: token("masked"),
    cyan: "#2a8a94",
    white: token("quiet"),
    brightBlack: token("quiet"),
    brightRed: token("deny"),
    brightGreen: token("allow"),
    brightYellow: token("review"),
    brightBlue: token("accent"),
    brightMagenta: token("masked"),
    brightCyan: "#2a8a94",
    brightWhite: token("text"),
  };
}

/** Of marks in the scroll bar. */
export function coloursOf(element: Element | null): Readonly<Record<"allow" | "review" | "deny" | "quiet", string>> {
  const style = element === null ? null : getComputedStyle(element);
  const token = (name: string) => style?.getPropertyValue(`--${name}`).trim() || "#888888";
  return { allow: token("allow"), review: token("review"), deny: token("deny"), quiet: token("quiet") };
}

/** All matches are marked, which is also what counts them. */
export function searchLooksOf(element: Element): ISearchOptions {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    decorations: {
      matchBackground: token("review-ground"),
      matchOverviewRuler: token("review"),
      activeMatchBackground: token("selected"),
      activeMatchBorder: token("accent"),
      activeMatchColorOverviewRuler: token("accent"),
    },
  };
}
