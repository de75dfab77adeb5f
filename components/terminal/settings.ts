"use client";

import { useLocalStorage } from "@mantine/hooks";
import { z } from "zod";

export const TerminalSettings = z.object({
  font: z.enum(["jetbrains-mono", "system"]).default("jetbrains-mono"),
  fontSize: z.number().min(9).max(28).default(13),
  /** `page`: as the rest of the page. */
  colours: z.enum(["page", "light", "dark"]).default("page"),
  screenReader: z.boolean().default(false),
  webgl: z.boolean().default(true),
  copyOnSelect: z.boolean().default(false),
});
export type TerminalSettings = z.infer<typeof TerminalSettings>;

/** A person's own settings, kept in this browser. What cannot be read is as if it were not there. */
export function useTerminalSettings(): { settings: TerminalSettings; change: (part: Partial<TerminalSettings>) => void } {
  const [settings, setSettings] = useLocalStorage<TerminalSettings>({
    key: "gatehouse-terminal",
    defaultValue: TerminalSettings.parse({}),
    getInitialValueInEffect: false,
    deserialize: (text) => {
      const stored = TerminalSettings.safeParse(parse(text));
      return stored.success ? stored.data : TerminalSettings.parse({});
    },
  });
  return { settings, change: (part) => setSettings({ ...settings, ...part }) };
}

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "{}");
  } catch {
    return {};
  }
}
