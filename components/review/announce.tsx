"use client";

import { Switch } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { useEffect, useRef } from "react";
import { z } from "zod";
import type { WireReview } from "../../server/contract/socket.ts";
import { isQuiet } from "./quiet.ts";
import classes from "./reviews-page.module.css";

const Settings = z.object({
  sound: z.boolean().default(false),
  browser: z.boolean().default(false),
  /** In this browser's own time; null: none. */
  quiet: z.object({ from: z.string(), until: z.string() }).nullable().default(null),
});
type Settings = z.infer<typeof Settings>;

/** How this browser tells of a new review; nothing until the person chooses it. */
function useAnnounceSettings(): { settings: Settings; change: (part: Partial<Settings>) => void } {
  const [settings, setSettings] = useLocalStorage<Settings>({
    key: "gatehouse-announce",
    defaultValue: Settings.parse({}),
    deserialize: (text) => {
      try {
        return Settings.parse(JSON.parse(text ?? "{}"));
      } catch {
        return Settings.parse({});
      }
    },
  });
  return { settings, change: (part) => setSettings({ ...settings, ...part }) };
}

export function AnnounceSettings() {
  const { settings, change } = useAnnounceSettings();
  const allow = async (wanted: boolean) => {
    const may = wanted && "Notification" in window && (await Notification.requestPermission()) === "granted";
    change({ browser: may });
  };
  return (
    <div className={classes.switches}>
      <Switch
        size="xs"
        label="Sound"
        checked={settings.sound}
        onChange={(event) => change({ sound: event.currentTarget.checked })}
      />
      <Switch
        size="xs"
        label="Browser notification"
        checked={settings.browser}
        onChange={(event) => void allow(event.currentTarget.checked)}
      />
      <Switch
        size="xs"
        label="Quiet hours"
        checked={settings.quiet !== null}
        onChange={(event) => change({ quiet: event.currentTarget.checked ? NIGHT : null })}
        data-quiet
      />
      {settings.quiet === null ? null : <QuietHours quiet={settings.quiet} onChange={(quiet) => change({ quiet })} />}
    </div>
  );
}

const NIGHT = { from: "22:00", until: "07:00" };

function QuietHours(props: { quiet: NonNullable<Settings["quiet"]>; onChange: (quiet: NonNullable<Settings["quiet"]>) => void }) {
  const { quiet, onChange } = props;
  const time = (name: "from" | "until") => (
    <input
      type="time"
      required
      aria-label={`quiet ${name}`}
      value={quiet[name]}
      onChange={(event) => event.currentTarget.value !== "" && onChange({ ...quiet, [name]: event.currentTarget.value })}
    />
  );
  return (
    <span className={classes.quietHours}>
      {time("from")} to {time("until")} · not for broken glass
    </span>
  );
}

/** Tells of each review that comes to wait for the person, once. What waited when the page was opened is not told. */
export function useAnnounce(waiting: readonly WireReview[], known: boolean): void {
  const { settings } = useAnnounceSettings();
  const told = useRef<Set<string> | null>(null);
  useEffect(() => {
    if (!known) return;
    const before = told.current;
    told.current = new Set([...(before ?? []), ...waiting.map(({ id }) => id)]);
    const fresh = before === null ? [] : waiting.filter(({ id }) => !before.has(id));
    const quiet = settings.quiet !== null && isQuiet(settings.quiet, new Date());
    const first = fresh.find(({ kind }) => !quiet || kind === "glass");
    if (first === undefined) return;
    if (settings.sound) beep();
    if (settings.browser && document.hidden && "Notification" in window && Notification.permission === "granted") {
      // The statement itself stays in the page: a notification is shown on locked screens.
      const title = first.kind === "glass" ? "The glass was broken" : "A review waits for you";
      const note = new Notification(title, { body: `${first.requester} on ${first.target}`, tag: first.id });
      note.onclick = () => {
        window.focus();
        window.location.assign(`/reviews/${encodeURIComponent(first.id)}`);
      };
    }
  }, [waiting, known, settings]);
}

function beep(): void {
  const audio = new AudioContext();
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  volume.gain.setValueAtTime(0.08, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.35);
  tone.frequency.value = 660;
  tone.connect(volume).connect(audio.destination);
  tone.onended = () => void audio.close();
  tone.start();
  tone.stop(audio.currentTime + 0.35);
}
