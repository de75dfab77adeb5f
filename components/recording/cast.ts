/** A recording as it is played. Times are seconds since its start. */
export type CastEvent = readonly [at: number, code: string, data: string];

export interface CastSize {
  readonly columns: number;
  readonly rows: number;
}

export interface Cast extends CastSize {
  /** Seconds since the epoch. */
  readonly startedAt: number;
  readonly events: readonly CastEvent[];
}

export interface CastCommand {
  readonly line: string;
  readonly at: number;
  /** Null: its end is not (yet) in the recording. */
  readonly end: { readonly at: number; readonly exitCode: number | null } | null;
}

/** Adds whole lines of asciicast to what is known; a line that is not understood is left out. */
export function withLines(cast: Cast | null, text: string): Cast | null {
  let known = cast;
  const events: CastEvent[] = cast === null ? [] : [...cast.events];
  for (const line of text.split("\n")) {
    const value = parsed(line);
    if (Array.isArray(value)) {
      const [at, code, data] = value;
      if (typeof at === "number" && typeof code === "string" && typeof data === "string") events.push([at, code, data]);
    } else if (known === null && isHeader(value)) {
      known = { columns: value.width, rows: value.height, startedAt: value.timestamp, events: [] };
    }
  }
  return known === null ? null : { ...known, events };
}

function isHeader(value: unknown): value is { readonly width: number; readonly height: number; readonly timestamp: number } {
  return (
    typeof value === "object" &&
    value !== null &&
    ["width", "height", "timestamp"].every((field) => typeof (value as Record<string, unknown>)[field] === "number")
  );
}

function parsed(line: string): unknown {
  if (line === "") return null;
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** When each event is played if nothing happens for at most `idle` seconds in a row. */
export function playedAt(events: readonly CastEvent[], idle: number): readonly number[] {
  let before = 0;
  let played = 0;
  return events.map(([at]) => {
    played += Math.min(idle, Math.max(0, at - before));
    before = at;
    return played;
  });
}

export function commandsOf(events: readonly CastEvent[]): readonly (CastCommand & { readonly index: number })[] {
  const commands: (CastCommand & { readonly index: number })[] = [];
  events.forEach(([at, code, data], index) => {
    if (code === "m") commands.push({ line: data, at, end: null, index });
    const last = commands.at(-1);
    if (code === "x" && last !== undefined && last.end === null)
      commands[commands.length - 1] = { ...last, end: { at, exitCode: data === "" ? null : Number(data) } };
  });
  return commands;
}

/** The size at the first event after `until`. */
export function sizeAt(cast: Cast, until: number): CastSize {
  for (let index = Math.min(until, cast.events.length) - 1; index >= 0; index--) {
    const size = sizeOf(cast.events[index]);
    if (size !== null) return size;
  }
  return { columns: cast.columns, rows: cast.rows };
}

export function sizeOf(event: CastEvent | undefined): CastSize | null {
  const found = event?.[1] === "r" ? /^(\d{1,4})x(\d{1,4})$/.exec(event[2]) : null;
  return found === null ? null : { columns: Math.max(2, Number(found[1])), rows: Math.max(1, Number(found[2])) };
}
