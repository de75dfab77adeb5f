"use client";

import "@xterm/xterm/css/xterm.css";
import { useComputedColorScheme } from "@mantine/core";
import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { UnicodeGraphemesAddon } from "@xterm/addon-unicode-graphemes";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { WebglAddon } from "@xterm/addon-webgl";
import { Terminal } from "@xterm/xterm";
import { useEffect, useRef, useState } from "react";
import type { WireBlock } from "../../server/contract/socket.ts";
import { useSocketStore } from "../socket/socket.tsx";
import { BlockBar } from "./block-bar.tsx";
import { BlockPlaces } from "./blocks.ts";
import { pasteable } from "./paste.ts";
import { SearchBar } from "./search-bar.tsx";
import type { TerminalSettings } from "./settings.ts";
import classes from "./terminal.module.css";
import type { Size } from "./terminal-tab.tsx";
import { coloursOf, FONTS, LOOKS, searchLooksOf, themeOf } from "./xterm-looks.ts";

declare global {
  interface Window {
    /** For tests, only where `localStorage.gatehouseTest` is `1`: by session. */
    __terminals?: Map<string, Terminal>;
  }
}

const ACKNOWLEDGE_BYTES = 100_000;

/** xterm, and nothing else: bytes in, keys out, its size told. No clipboard add-on: it would let a host write the clipboard. */
export default function Screen(props: {
  label: string;
  session: string | null;
  channel: number | null;
  /** What was shown comes again. */
  resumed: boolean;
  visible: boolean;
  /** Keys go to it. */
  active: boolean;
  settings: TerminalSettings;
  searching: boolean;
  onSearching: (searching: boolean) => void;
  blocks: readonly WireBlock[];
  onSize: (size: Size) => void;
  onParsed: (bytes: number) => void;
}) {
  const { session, channel, visible, active, settings } = props;
  const store = useSocketStore();
  const host = useRef<HTMLDivElement>(null);
  const [made, setMade] = useState<{ terminal: Terminal; fit: FitAddon; search: SearchAddon } | null>(null);
  const [renderer, setRenderer] = useState<"webgl" | "dom">("dom");
  const places = useRef<BlockPlaces | null>(null);
  const [chosen, setChosen] = useState<number | null>(null);
  const step = useRef<(by: -1 | 1) => void>(() => {});
  step.current = (by) => {
    const next = places.current?.beside(chosen, by) ?? null;
    if (next === null && by === 1) {
      setChosen(null);
      return made?.terminal.focus();
    }
    if (next === null) return;
    places.current?.show(next);
    setChosen(next);
  };
  const dark = useComputedColorScheme("light") === "dark";
  const latest = useRef(props);
  latest.current = props;

  // biome-ignore lint/correctness/useExhaustiveDependencies: made once; settings are changed on it below
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const terminal = new Terminal({
      ...LOOKS,
      fontFamily: FONTS[settings.font],
      fontSize: settings.fontSize,
      screenReaderMode: settings.screenReader,
      macOptionIsMeta: true,
    });
    const fit = new FitAddon();
    const search = new SearchAddon();
    terminal.loadAddon(fit);
    terminal.loadAddon(search);
    terminal.loadAddon(
      new WebLinksAddon((event, uri) => (event.ctrlKey || event.metaKey) && followLink(uri), {
        hover: (_, uri) => {
          element.title = `${uri}\nCtrl+click opens it in a new tab`;
        },
        leave: () => element.removeAttribute("title"),
      }),
    );
    terminal.loadAddon(new UnicodeGraphemesAddon());
    terminal.open(element);
    terminal.textarea?.setAttribute("aria-label", props.label);
    terminal.attachCustomKeyEventHandler((event) => {
      if (event.type !== "keydown") return true;
      const copying = event.ctrlKey && event.shiftKey && event.code === "KeyC";
      if (copying && terminal.hasSelection()) {
        event.preventDefault();
        void navigator.clipboard?.writeText(terminal.getSelection());
        return false;
      }
      if ((event.ctrlKey || event.metaKey) && event.shiftKey && event.code === "KeyF") {
        event.preventDefault();
        latest.current.onSearching(true);
        return false;
      }
      if (event.ctrlKey && event.shiftKey && (event.code === "ArrowUp" || event.code === "ArrowDown")) {
        event.preventDefault();
        step.current(event.code === "ArrowUp" ? -1 : 1);
        return false;
      }
      // The palette's key; a shell's kill-to-end keeps Ctrl+K while the terminal has focus.
      return true;
    });
    const measure = () => {
      if (element.clientWidth === 0 || element.clientHeight === 0) return;
      fit.fit();
    };
    const pasted = (event: ClipboardEvent) => {
      event.preventDefault();
      event.stopPropagation();
      terminal.paste(pasteable(event.clipboardData?.getData("text/plain") ?? ""));
    };
    element.addEventListener("paste", pasted, true);
    const selected = terminal.onSelectionChange(() => {
      if (latest.current.settings.copyOnSelect && terminal.hasSelection())
        void navigator.clipboard?.writeText(terminal.getSelection()).catch(() => {});
    });
    const told = terminal.onResize(({ cols, rows }) => latest.current.onSize({ columns: cols, rows }));
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    latest.current.onSize({ columns: terminal.cols, rows: terminal.rows });
    setMade({ terminal, fit, search });
    // A font that arrives late has other cells.
    void document.fonts.ready.then(measure);
    return () => {
      observer.disconnect();
      element.removeEventListener("paste", pasted, true);
      told.dispose();
      selected.dispose();
      terminal.dispose();
      setMade(null);
    };
  }, []);

  useEffect(() => {
    if (made === null || channel === null) return;
    const { terminal } = made;
    // What an older session showed stays in sight, unless it comes again.
    if (latest.current.resumed) terminal.reset();
    else if (terminal.buffer.normal.baseY + terminal.buffer.normal.cursorY > 0)
      // Leaving a screen that is not there would put the cursor where some program before had left it.
      terminal.write(
        `${terminal.buffer.active.type === "alternate" ? "\x1b[?1049l" : ""}\x1b[0m\r\n\x1b[90m── a new session; what ran in the one above has ended ──\x1b[0m\r\n`,
      );
    setChosen(null);
    const blocks = new BlockPlaces(terminal, () => coloursOf(host.current), setChosen);
    places.current = blocks;
    blocks.update(latest.current.blocks);
    let parsed = 0;
    const stop = store.listen(channel, (bytes) => {
      terminal.write(bytes, () => {
        parsed += bytes.length;
        if (parsed < ACKNOWLEDGE_BYTES) return;
        latest.current.onParsed(parsed);
        parsed = 0;
      });
    });
    const keys = terminal.onData((text) => store.keys(channel, text));
    if (latest.current.active) terminal.focus();
    return () => {
      stop();
      keys.dispose();
      blocks.dispose();
      places.current = null;
    };
  }, [made, channel, store]);

  useEffect(() => places.current?.update(props.blocks), [props.blocks]);

  useEffect(() => {
    if (made === null || session === null || window.localStorage.getItem("gatehouseTest") !== "1") return;
    window.__terminals ??= new Map();
    const terminals = window.__terminals;
    terminals.set(session, made.terminal);
    return () => {
      terminals.delete(session);
    };
  }, [made, session]);

  useEffect(() => {
    if (made === null) return;
    made.terminal.options.fontFamily = FONTS[settings.font];
    made.terminal.options.fontSize = settings.fontSize;
    made.terminal.options.screenReaderMode = settings.screenReader;
    if (host.current !== null && host.current.clientWidth > 0) made.fit.fit();
  }, [made, settings.font, settings.fontSize, settings.screenReader]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the scheme is the reason to read the tokens again
  useEffect(() => {
    if (made === null || host.current === null) return;
    made.terminal.options.theme = themeOf(host.current);
  }, [made, dark, settings.colours]);

  useEffect(() => {
    if (made === null || !settings.webgl) return;
    let addon: WebglAddon | null = null;
    try {
      addon = new WebglAddon();
      // A lost context draws nothing more; the ordinary renderer takes over.
      addon.onContextLoss(() => {
        addon?.dispose();
        setRenderer("dom");
      });
      made.terminal.loadAddon(addon);
      setRenderer("webgl");
    } catch {
      // No WebGL here: the ordinary renderer stays.
      addon = null;
    }
    const loaded = addon;
    return () => {
      // A terminal that is gone has disposed of its add-ons already.
      if (host.current !== null) loaded?.dispose();
      setRenderer("dom");
    };
  }, [made, settings.webgl]);

  useEffect(() => {
    if (made === null || !visible) return;
    if (host.current !== null && host.current.clientWidth > 0) made.fit.fit();
    if (active) made.terminal.focus();
  }, [made, visible, active]);

  const block = props.blocks.find((each) => each.number === chosen);
  return (
    <>
      <div className={classes.ground} data-colours={settings.colours === "page" ? undefined : settings.colours}>
        <div
          ref={host}
          className={classes.host}
          data-terminal
          data-channel={channel ?? undefined}
          data-renderer={made === null ? undefined : renderer}
        />
      </div>
      {block === undefined || session === null ? null : (
        <BlockBar
          block={block}
          session={session}
          output={() => places.current?.output(block.number) ?? null}
          onStep={(by) => step.current(by)}
          onAgain={() => {
            // As a paste: several lines stay one command.
            if (channel !== null) store.keys(channel, `\x1b[200~${block.line}\x1b[201~`);
            setChosen(null);
            made?.terminal.focus();
          }}
          onClose={() => {
            setChosen(null);
            made?.terminal.focus();
          }}
        />
      )}
      {props.searching && made !== null ? (
        <SearchBar
          search={made.search}
          looks={() => (host.current === null ? {} : searchLooksOf(host.current))}
          onClose={() => {
            props.onSearching(false);
            made.search.clearDecorations();
            made.terminal.clearSelection();
            made.terminal.focus();
          }}
        />
      ) : null}
    </>
  );
}

/** What a program prints may look like any address; only pages are opened, and they do not learn from where. */
function followLink(uri: string): void {
  const { protocol } = new URL(uri);
  if (protocol === "http:" || protocol === "https:") window.open(uri, "_blank", "noopener,noreferrer");
}
