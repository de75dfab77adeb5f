import { z } from "zod";

const PART = 4_000_000;
const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 500;
const Answer = z.object({ at: z.number(), done: z.boolean() });
const Refusal = z.object({ error: z.object({ message: z.string() }) });

/**
 * Sends a file in parts. A part whose answer was lost is asked about: the gateway says how far it has come, and the rest
 * goes from there. Throws with what the gateway says, or when it does not answer for half a minute.
 */
export async function upload(
  ticket: string,
  file: Blob,
  progress: (sent: number) => void,
  signal: AbortSignal,
  send: typeof fetch = fetch,
): Promise<void> {
  let at = 0;
  let failures = 0;
  for (;;) {
    const body = file.slice(at, at + PART);
    const path = `/api/files/content/${encodeURIComponent(ticket)}?offset=${at}`;
    let response: Response;
    try {
      response = await send(path, { method: "PUT", body, signal, cache: "no-store" });
    } catch (error) {
      if (signal.aborted || ++failures === ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** (failures - 1)));
      continue;
    }
    const answer: unknown = await response.json();
    if (!response.ok) {
      const refused = Refusal.safeParse(answer);
      throw new Error(refused.success ? refused.data.error.message : `the gateway answered ${response.status}`);
    }
    failures = 0;
    const next = Answer.parse(answer);
    at = next.at;
    progress(at);
    if (next.done) return;
  }
}
