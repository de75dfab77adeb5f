/**
 * A recording's lines in asciicast v2: a header, then one event a line. Times are seconds since the start. Beside the
 * format's own events (`o` output, `r` size, `m` marker) there is `x`, a command's end with its exit code as text, which
 * other players pass over.
 */
export type CastEvent = readonly [seconds: number, code: "o" | "r" | "m" | "x", data: string];

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
