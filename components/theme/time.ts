/** `3 minutes ago`, `in 12 seconds`; `now` is passed in. Milliseconds since the epoch. */
export function relativeTime(at: number, now: number): string {
  const seconds = Math.round((at - now) / 1_000);
  const magnitude = Math.abs(seconds);
  if (magnitude < 5) return "now";
  const [size, unit] = UNITS.find(([size]) => magnitude >= size) ?? [1, "second"];
  return FORMAT.format(Math.trunc(seconds / size), unit);
}

const FORMAT = new Intl.RelativeTimeFormat("en", { numeric: "always" });
const UNITS: readonly (readonly [number, Intl.RelativeTimeFormatUnit])[] = [
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
  [1, "second"],
];

/** `41 s`, `12 min 05 s`, `2 h 07 min`: how long is left or was needed. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1) return "< 1 ms";
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 10_000) return `${(milliseconds / 1_000).toFixed(2)} s`;
  const seconds = Math.floor(milliseconds / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  return `${Math.floor(seconds / 3_600)} h ${two(Math.floor((seconds % 3_600) / 60))} min`;
}

/** As `duration`, for a clock that counts: whole seconds from the start. */
export function clock(milliseconds: number): string {
  return milliseconds < 60_000 ? `${Math.max(0, Math.floor(milliseconds / 1_000))} s` : duration(milliseconds);
}

/** `12,431 rows`, `1 row`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
