import { z } from "zod";

/** A time of day in a zone, every day; `from` after `until`: over midnight. */
export const QuietHours = z
  .strictObject({
    from: timeOfDay("22:00"),
    until: timeOfDay("07:00"),
    /** IANA: `Europe/Berlin`. */
    timeZone: z.string().min(1).max(60).refine(isTimeZone, { message: "no such time zone; one is called `Europe/Berlin`" }),
  })
  .refine(({ from, until }) => from !== until, { message: "`from` and `until` are the same", path: ["until"] });
export type QuietHours = z.infer<typeof QuietHours>;

function timeOfDay(example: string) {
  return z.string().regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, `a time of day, such as \`${example}\``);
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const DAY_MINUTES = 24 * 60;
const MINUTE_MS = 60_000;

/**
 * Milliseconds until the quiet hours are over; 0: it is not quiet. `at`: milliseconds since the epoch. A change of the
 * clocks in between makes it an hour too short or too long: who waits for it asks again.
 */
export function quietForMs({ from, until, timeZone }: QuietHours, at: number): number {
  const parts = new Intl.DateTimeFormat("en", {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).formatToParts(at);
  const part = (type: "hour" | "minute" | "second"): number => Number(parts.find((each) => each.type === type)?.value ?? 0);
  const now = part("hour") * 60 + part("minute");
  const [start, end] = [minutes(from), minutes(until)];
  const quiet = start < end ? now >= start && now < end : now >= start || now < end;
  if (!quiet) return 0;
  const left = (end - now + DAY_MINUTES) % DAY_MINUTES;
  return left * MINUTE_MS - part("second") * 1_000;
}

function minutes(time: string): number {
  const [hours = 0, rest = 0] = time.split(":").map(Number);
  return hours * 60 + rest;
}
