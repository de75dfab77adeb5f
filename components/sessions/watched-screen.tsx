"use client";

import "@xterm/xterm/css/xterm.css";
import { useComputedColorScheme } from "@mantine/core";
import { UnicodeGraphemesAddon } from "@xterm/addon-unicode-graphemes";
import { Terminal } from "@xterm/xterm";
import { useEffect, useRef, useState } from "react";
import { LOOKS, themeOf } from "../terminal/xterm-looks.ts";
import classes from "./sessions.module.css";
import type { WatchView } from "./watch-view.ts";

/** A terminal that is only looked at: no key leaves it, and it has the size of its person's. */
export default function WatchedScreen({ output, size, session }: Pick<WatchView, "output" | "size"> & { session: string }) {
  const host = useRef<HTMLDivElement>(null);
  const [terminal, setTerminal] = useState<Terminal | null>(null);
  const written = useRef(0);
  const dark = useComputedColorScheme("light") === "dark";
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const made = new Terminal({
      ...LOOKS,
      disableStdin: true,
      fontSize: 13,
    });
    made.loadAddon(new UnicodeGraphemesAddon());
    made.open(element);
    made.textarea?.setAttribute("aria-label", "watched terminal");
    written.current = 0;
    setTerminal(made);
    return () => {
      made.dispose();
      setTerminal(null);
    };
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the scheme is the reason to read the tokens again
  useEffect(() => {
    if (terminal !== null && host.current !== null) terminal.options.theme = themeOf(host.current);
  }, [terminal, dark]);

  useEffect(() => {
    if (terminal !== null && size !== null) terminal.resize(size.columns, size.rows);
  }, [terminal, size]);

  useEffect(() => {
    if (terminal === null) return;
    for (const chunk of output.chunks.slice(Math.max(0, written.current - output.dropped))) terminal.write(bytesOf(chunk));
    written.current = output.dropped + output.chunks.length;
  }, [terminal, output]);

  useEffect(() => {
    if (terminal === null || window.localStorage.getItem("gatehouseTest") !== "1") return;
    window.__terminals ??= new Map();
    const terminals = window.__terminals;
    terminals.set(`watch ${session}`, terminal);
    return () => {
      terminals.delete(`watch ${session}`);
    };
  }, [terminal, session]);

  return <div ref={host} className={classes.screen} data-watched-terminal />;
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
