import { z } from "zod";

/**
 * A recording's lines in asciicast v2: a header, then one event a line. Times are seconds since the start. Beside the
 * format's own events (`o` output, `r` size, `m` marker) there are two that other players pass over: `p`, where the command
 * of the marker before was typed, as JSON, and `x`, its end with its exit code as text.
 */
const CastEvent = z.tuple([z.number(), z.enum(["o", "r", "m", "p", "x"]), z.string()]).readonly();
export type CastEvent = z.infer<typeof CastEvent>;

export interface CastHeader {
  readonly columns: number;
  readonly rows: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly title: string;
}

export function castHeader({ columns, rows, startedAt, title }: CastHeader): string {
  return `${JSON.stringify({ version: 2, width: columns, height: rows, timestamp: Math.floor(startedAt / 1_000), title })}\n`;
}

export function castLine(afterMs: number, code: CastEvent[1], data: string): string {
  return `[${(Math.max(0, afterMs) / 1_000).toFixed(6)}, ${JSON.stringify(code)}, ${JSON.stringify(data)}]\n`;
}

/** Those of whole lines; the header, and what is no event of ours, is left out. */
export function castEvents(lines: string): readonly CastEvent[] {
  return lines.split("\n").flatMap((line) => {
    const event = line.startsWith("[") ? CastEvent.safeParse(JSON.parse(line)) : null;
    return event?.success === true ? [event.data] : [];
  });
}
