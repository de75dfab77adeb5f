"use client";

import "@xterm/xterm/css/xterm.css";
import { ActionIcon, Button, Select, Slider, useComputedColorScheme } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { UnicodeGraphemesAddon } from "@xterm/addon-unicode-graphemes";
import { Terminal } from "@xterm/xterm";
import { Link2, Pause, Play, SkipBack, SkipForward } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { LOOKS, themeOf } from "../terminal/xterm-looks.ts";
import { clock, duration } from "../theme/time.ts";
import { type Cast, commandsOf, playedAt, sizeAt, sizeOf } from "./cast.ts";
import classes from "./recording.module.css";

/** Seconds in which nothing happens that are played at most. */
const IDLE = 1.5;
const SPEEDS = ["0.5", "1", "2", "4", "8"];

/** Plays what a terminal showed. Space plays and pauses; arrows go from command to command. */
export default function Player(props: {
  cast: Cast;
  /** Seconds; 0: from the beginning. */
  start: number;
  /** Begins at the command of that number, counted from 1; 0: at `start`. */
  command: number;
  label: string;
}) {
  const { cast, start, command, label } = props;
  const host = useRef<HTMLDivElement>(null);
  const terminal = useRef<Terminal | null>(null);
  /** How many events the terminal has been given. */
  const given = useRef(0);
  const dark = useComputedColorScheme("light") === "dark";
  const times = useMemo(() => playedAt(cast.events, IDLE), [cast.events]);
  const commands = useMemo(() => commandsOf(cast.events), [cast.events]);
  const total = times.at(-1) ?? 0;
  const [position, setPosition] = useState(0);
  const at = useRef(0);
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState("1");

  const show = useCallback(
    (until: number) => {
      const screen = terminal.current;
      if (screen === null) return;
      if (until < given.current) {
        screen.reset();
        const size = sizeAt(cast, 0);
        screen.resize(size.columns, size.rows);
        given.current = 0;
      }
      let text = "";
      for (; given.current < until; given.current++) {
        const event = cast.events[given.current];
        const size = sizeOf(event);
        if (size !== null) {
          screen.write(text);
          text = "";
          screen.resize(size.columns, size.rows);
        } else if (event?.[1] === "o") text += event[2];
      }
      if (text !== "") screen.write(text);
    },
    [cast],
  );

  const seek = useCallback(
    (to: number) => {
      at.current = Math.min(total, Math.max(0, to));
      setPosition(at.current);
      const next = times.findIndex((time) => time > at.current);
      show(next === -1 ? times.length : next);
    },
    [total, times, show],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: made once; the rest is played into it
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const made = new Terminal({ ...LOOKS, fontSize: 13, disableStdin: true, cols: cast.columns, rows: cast.rows });
    made.loadAddon(new UnicodeGraphemesAddon());
    made.open(element);
    made.textarea?.setAttribute("aria-label", label);
    made.options.theme = themeOf(element);
    terminal.current = made;
    given.current = 0;
    const index = command > 0 ? (commands[command - 1]?.index ?? -1) : cast.events.findIndex(([at]) => at >= start);
    const whole = start === 0 && command === 0;
    seek(whole ? 0 : index === -1 ? total : (times[index] ?? 0));
    if (whole) setPlaying(true);
    return () => {
      terminal.current = null;
      made.dispose();
    };
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the scheme is the reason to read the tokens again
  useEffect(() => {
    if (terminal.current !== null && host.current !== null) terminal.current.options.theme = themeOf(host.current);
  }, [dark]);

  useEffect(() => {
    if (!playing) return;
    let before = performance.now();
    let frame = requestAnimationFrame(function step(now) {
      seek(at.current + ((now - before) / 1_000) * Number(speed));
      before = now;
      if (at.current >= total) return setPlaying(false);
      frame = requestAnimationFrame(step);
    });
    return () => cancelAnimationFrame(frame);
  }, [playing, speed, total, seek]);

  const current = commands.findLastIndex((command) => (times[command.index] ?? 0) <= position + 0.001);
  const toCommand = (index: number) => {
    const command = commands[Math.min(commands.length - 1, Math.max(0, index))];
    if (command !== undefined) seek(times[command.index] ?? 0);
  };
  const recordedAt =
    cast.events[
      Math.max(
        0,
        times.findLastIndex((time) => time <= position),
      )
    ]?.[0] ?? 0;

  return (
    <section
      className={classes.player}
      aria-label="player"
      data-player={playing ? "playing" : "paused"}
      onKeyDown={(event) => {
        if (event.target instanceof HTMLElement && event.target.closest("[role=slider], input, button") !== null) return;
        if (event.key === " ") setPlaying(!playing);
        else if (event.key === "ArrowRight") toCommand(current + 1);
        else if (event.key === "ArrowLeft") toCommand(current - 1);
        else return;
        event.preventDefault();
      }}
    >
      <div className={classes.stage}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what it shows scrolls, and it takes the player's keys */}
        <div ref={host} className={classes.screen} data-recording-screen tabIndex={0} />
        <ol className={classes.commands} aria-label="commands">
          {commands.map((command, index) => (
            <li key={command.index}>
              <button
                type="button"
                aria-current={index === current || undefined}
                onClick={() => toCommand(index)}
                data-command={index}
              >
                <span className={classes.at}>{clock(command.at * 1_000)}</span>
                <code>{command.line}</code>
                <span
                  data-meaning={command.end === null || command.end.exitCode === 0 ? "allow" : "deny"}
                  className={classes.exit}
                >
                  {command.end === null
                    ? "no end"
                    : `${command.end.exitCode === 0 ? "✓" : `✕ ${command.end.exitCode ?? ""}`} ${duration((command.end.at - command.at) * 1_000)}`}
                </span>
              </button>
            </li>
          ))}
          {commands.length === 0 ? <li className={classes.none}>No command was entered.</li> : null}
        </ol>
      </div>
      <footer className={classes.controls}>
        <ActionIcon variant="default" aria-label="the command before" onClick={() => toCommand(current - 1)}>
          <SkipBack size={14} aria-hidden />
        </ActionIcon>
        <ActionIcon
          variant="filled"
          aria-label={playing ? "pause" : "play"}
          onClick={() => {
            if (!playing && position >= total) seek(0);
            setPlaying(!playing);
          }}
          data-play
        >
          {playing ? <Pause size={14} aria-hidden /> : <Play size={14} aria-hidden />}
        </ActionIcon>
        <ActionIcon variant="default" aria-label="the next command" onClick={() => toCommand(current + 1)}>
          <SkipForward size={14} aria-hidden />
        </ActionIcon>
        <span className={classes.at} data-at>
          {clock(recordedAt * 1_000)} of {clock((cast.events.at(-1)?.[0] ?? 0) * 1_000)}
        </span>
        <Slider
          className={classes.slider ?? ""}
          thumbLabel="position"
          label={null}
          size="sm"
          min={0}
          max={Math.max(total, 0.01)}
          step={0.01}
          value={position}
          onChange={seek}
        />
        <Select
          aria-label="speed"
          size="xs"
          w={84}
          allowDeselect={false}
          data={SPEEDS.map((value) => ({ value, label: `${value} ×` }))}
          value={speed}
          onChange={(value) => setSpeed(value ?? "1")}
        />
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<Link2 size={13} aria-hidden />}
          onClick={() => {
            const url = new URL(location.href);
            url.searchParams.set("at", recordedAt.toFixed(1));
            void navigator.clipboard?.writeText(url.toString()).then(
              () => notifications.show({ message: "The link to this moment is copied." }),
              () => notifications.show({ color: "red", message: `Copy it yourself: ${url}` }),
            );
          }}
        >
          Link
        </Button>
      </footer>
    </section>
  );
}
