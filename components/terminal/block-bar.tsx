"use client";

import { ActionIcon, Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { ChevronDown, ChevronUp, Clapperboard, Copy, RotateCcw, X } from "lucide-react";
import Link from "next/link";
import type { WireBlock } from "../../server/contract/socket.ts";
import { clock, duration } from "../theme/time.ts";
import { meaningOfBlock } from "./block-meaning.ts";
import classes from "./terminal.module.css";

/** One chosen block: how it ended, and what can be done with it. */
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
  const copy = () => {
    const text = props.output();
    if (text === null)
      return notifications.show({ color: "red", message: "Its output has scrolled away; the recording has it." });
    void navigator.clipboard?.writeText(text).then(
      () => notifications.show({ message: "The output is copied." }),
      () => notifications.show({ color: "red", message: "The browser did not allow to copy." }),
    );
  };
  return (
    <section className={classes.block} aria-label="chosen command" data-block-bar={block.number}>
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
      <Button size="compact-xs" variant="default" leftSection={<Copy size={12} aria-hidden />} onClick={copy} data-copy-output>
        Copy output
      </Button>
      <Button
        size="compact-xs"
        variant="default"
        leftSection={<RotateCcw size={12} aria-hidden />}
        onClick={props.onAgain}
        data-again
      >
        Again
      </Button>
      <Button
        size="compact-xs"
        variant="default"
        leftSection={<Clapperboard size={12} aria-hidden />}
        component={Link}
        href={`/recordings/${encodeURIComponent(props.session)}?at=${(block.startedAt / 1_000).toFixed(1)}`}
        data-in-recording
      >
        In the recording
      </Button>
      <ActionIcon variant="subtle" size="sm" color="gray" aria-label="close" onClick={props.onClose}>
        <X size={14} aria-hidden />
      </ActionIcon>
    </section>
  );
}
