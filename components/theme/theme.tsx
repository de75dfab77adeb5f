"use client";

import {
  Button,
  type CSSVariablesResolver,
  createTheme,
  type MantineColorsTuple,
  MantineProvider,
  Menu,
  Modal,
  MultiSelect,
  NumberInput,
  Pill,
  Select,
  TagsInput,
  Textarea,
  TextInput,
  Tooltip,
} from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import type { ReactNode } from "react";
import classes from "./theme.module.css";

const ACCENT: MantineColorsTuple = [
  "#e8f2fb",
  "#d2e4f6",
  "#a4c9ee",
  "#7cb8f2",
  "#4a94db",
  "#2a7dcc",
  "#0f5a9e",
  "#0c4d88",
  "#0a4172",
  "#07335b",
];

/** The library's own dark scale, in our neutrals. */
const DARK: MantineColorsTuple = [
  "#e6e8eb",
  "#c9cdd3",
  "#a5abb4",
  "#6d747e",
  "#3a3f46",
  "#2e3238",
  "#1b1e22",
  "#1b1e22",
  "#15171a",
  "#111316",
];

const theme = createTheme({
  primaryColor: "accent",
  primaryShade: { light: 6, dark: 3 },
  autoContrast: true,
  colors: { accent: ACCENT, dark: DARK },
  fontFamily: "var(--font-text)",
  fontFamilyMonospace: "var(--font-code)",
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "18px" },
  spacing: { xs: "4px", sm: "8px", md: "12px", lg: "16px", xl: "24px" },
  defaultRadius: "sm",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Button: Button.extend({
      defaultProps: { size: "xs" },
      vars: (_theme, { variant, color }) => ({ root: buttonColours(variant ?? "filled", color === "red") }),
    }),
    Pill: Pill.extend({ styles: { root: { backgroundColor: "var(--hover)" } } }),
    TextInput: TextInput.extend({ defaultProps: { size: "xs" } }),
    NumberInput: NumberInput.extend({ defaultProps: { size: "xs" } }),
    Select: Select.extend({ defaultProps: { size: "xs", checkIconPosition: "right" } }),
    MultiSelect: MultiSelect.extend({ defaultProps: { size: "xs" } }),
    TagsInput: TagsInput.extend({ defaultProps: { size: "xs" } }),
    Textarea: Textarea.extend({ defaultProps: { size: "xs" } }),
    Menu: Menu.extend({ defaultProps: { shadow: "md", transitionProps: { duration: 100 } } }),
    Modal: Modal.extend({ defaultProps: { transitionProps: { duration: 100 } } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 300, withArrow: false, transitionProps: { duration: 100 } } }),
  },
});

function buttonColours(variant: string, dangerous: boolean): Record<string, string> {
  const ink = dangerous ? "var(--deny)" : "var(--accent)";
  const ground = dangerous ? "var(--deny-ground)" : "var(--accent-ground)";
  switch (variant) {
    case "filled":
      return {
        "--button-bg": ink,
        "--button-hover": `color-mix(in srgb, ${ink} 88%, var(--text))`,
        "--button-color": "var(--on-accent)",
      };
    case "light":
      return { "--button-bg": ground, "--button-hover": ground, "--button-color": ink };
    case "subtle":
      return { "--button-hover": ground, "--button-color": ink };
    default:
      return {};
  }
}

/** The component library takes its colours from our tokens, so that there is one palette. */
const resolver: CSSVariablesResolver = () => ({
  variables: {
    "--mantine-color-body": "var(--surface)",
    "--mantine-color-text": "var(--text)",
    "--mantine-color-dimmed": "var(--quiet)",
    "--mantine-color-placeholder": "var(--quiet)",
    "--mantine-color-error": "var(--deny)",
    "--mantine-color-default": "var(--surface)",
    "--mantine-color-default-hover": "var(--hover)",
    "--mantine-color-default-border": "var(--line)",
    "--mantine-color-anchor": "var(--accent)",
  },
  light: {},
  dark: {},
});

export function Theme({ children }: { children: ReactNode }) {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={resolver} defaultColorScheme="auto">
      {children}
      <Notifications position="bottom-right" limit={4} classNames={{ root: classes.notifications ?? "" }} />
    </MantineProvider>
  );
}
