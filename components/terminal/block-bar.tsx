"use client";

import { ActionIcon, Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { ChevronDown, ChevronUp, Clapperboard, Copy, Link2, RotateCcw, X } from "lucide-react";
import Link from "next/link";
import { type KeyboardEvent, useEffect, useRef } from "react";
import type { WireBlock } from "../../server/contract/socket.ts";
import { clock, duration } from "../theme/time.ts";
import { meaningOfBlock } from "./block-meaning.ts";
import classes from "./terminal.module.css";

/** One chosen block: how it ended, and what can be done with it. It takes the keys until it is closed. */
export function BlockBar(props: {
  block: WireBlock;
  session: string;
  output: () => string | null;
  onStep: (step: -1 | 1) => void;
  /** Writes the line at the prompt; Enter stays with the person. */
  onAgain: () => void;
  onClose: () => void;
}) {
  const { block } = props;
  const bar = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each block that is chosen takes the keys
  useEffect(() => bar.current?.focus(), [block.number]);
  const copy = () => {
    const text = props.output();
    if (text === null)
      return notifications.show({ color: "red", message: "Its output has scrolled away; the recording has it." });
    toClipboard(text, "The output is copied.");
  };
  const inRecording = `/recordings/${encodeURIComponent(props.session)}?command=${block.number}`;
  const copyLink = () => toClipboard(new URL(inRecording, window.location.href).href, "The link is copied.");
  const pressed = (event: KeyboardEvent) => {
    const arrow = event.key === "ArrowUp" || event.key === "ArrowDown";
    if (event.altKey || event.metaKey || (!arrow && (event.ctrlKey || event.shiftKey))) return;
    if (arrow) props.onStep(event.key === "ArrowUp" ? -1 : 1);
    else if (event.key === "Escape") props.onClose();
    else if (event.key === "c") copy();
    else if (event.key === "l") copyLink();
    else if (event.key === "a") props.onAgain();
    else return;
    event.preventDefault();
  };
  return (
    <section
      ref={bar}
      className={classes.block}
      tabIndex={-1}
      aria-label="chosen command"
      aria-keyshortcuts="ArrowUp ArrowDown c l a Escape"
      onKeyDown={pressed}
      data-block-bar={block.number}
    >
      <code>{block.line}</code>
      <span className={classes.quiet}>
        {clock(block.startedAt)} into the session
        {block.ended === null ? ", under way" : `, ${duration(block.ended.durationMs)}`}
      </span>
      {block.ended === null ? null : (
        <span className={classes.exit} data-meaning={meaningOfBlock(block)}>
          {block.outcome === "deny"
            ? "✕ denied"
            : `${block.ended.exitCode === 0 ? "✓" : "✕"} exit ${block.ended.exitCode ?? "unknown"}`}
        </span>
      )}
      <ActionIcon variant="subtle" size="sm" aria-label="the command before" onClick={() => props.onStep(-1)}>
        <ChevronUp size={14} aria-hidden />
      </ActionIcon>
      <ActionIcon variant="subtle" size="sm" aria-label="the next command" onClick={() => props.onStep(1)}>
        <ChevronDown size={14} aria-hidden />
      </ActionIcon>
      <Button
        size="compact-xs"
        variant="default"
        leftSection={<Copy size={12} aria-hidden />}
        onClick={copy}
        title="c"
        data-copy-output
      >
        Copy output
      </Button>
      <Button
        size="compact-xs"
        variant="default"
        leftSection={<Link2 size={12} aria-hidden />}
        onClick={copyLink}
        title="l"
        data-copy-link
      >
        Copy link
      </Button>
      <Button
        size="compact-xs"
        variant="default"
        leftSection={<RotateCcw size={12} aria-hidden />}
        onClick={props.onAgain}
        title="a"
        data-again
      >
        Again
      </Button>
      <Button
        size="compact-xs"
        variant="default"
        leftSection={<Clapperboard size={12} aria-hidden />}
        component={Link}
        href={inRecording}
        data-in-recording
      >
        In the recording
      </Button>
      <ActionIcon variant="subtle" size="sm" color="gray" aria-label="close" title="Escape" onClick={props.onClose}>
        <X size={14} aria-hidden />
      </ActionIcon>
    </section>
  );
}

function toClipboard(text: string, done: string): void {
  void navigator.clipboard?.writeText(text).then(
    () => notifications.show({ message: done }),
    () => notifications.show({ color: "red", message: "The browser did not allow to copy." }),
  );
}
