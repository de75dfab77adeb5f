import { createInterface } from "node:readline";
import type { z } from "zod";

/** JSON Lines from standard input. A line that is not one is given as a text that says what is wrong with it. */
export async function* jsonLines<T>(
  schema: z.ZodType<T>,
  input: NodeJS.ReadableStream,
): AsyncIterable<
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly id: unknown; readonly message: string }
> {
  let number = 0;
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number++;
    if (line.trim() === "") continue;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      yield {
        ok: false,
        id: null,
        message: `line ${number} is not JSON: ${error instanceof Error ? error.message : String(error)}`,
      };
      continue;
    }
    const parsed = schema.safeParse(value);
    if (parsed.success) yield { ok: true, value: parsed.data };
    else {
      const first = parsed.error.issues[0];
      const id = typeof value === "object" && value !== null && "id" in value ? value.id : null;
      yield {
        ok: false,
        id,
        message: `line ${number}: ${first?.path.length ? `\`${first.path.join(".")}\`: ` : ""}${first?.message ?? "not understood"}`,
      };
    }
  }
}

/** Waits where the reader is slower. */
export async function writeLine(value: unknown): Promise<void> {
  if (!process.stdout.write(`${JSON.stringify(value)}\n`)) await new Promise((resolve) => process.stdout.once("drain", resolve));
}
