import { z } from "zod";
import type { Problem } from "../../server/contract/http.ts";

export type Answer<Value> =
  | { readonly ok: true; readonly value: Value }
  /** `status` 0: no answer came at all. */
  | { readonly ok: false; readonly status: number; readonly error: Problem["error"] };

const ProblemBody = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    details: z
      .array(z.object({ path: z.string(), line: z.number().optional(), column: z.number().optional(), message: z.string() }))
      .optional(),
  }),
});

/**
 * One request to our own origin. Our own server's 2xx answers have the shape that server/contract/http.ts gives them;
 * all that is checked here is that a refusal is a `Problem`.
 */
export async function ask<Value>(
  path: string,
  how: { method?: "GET" | "POST" | "DELETE"; body?: unknown; signal?: AbortSignal } = {},
) {
  try {
    const response = await fetch(path, {
      method: how.method ?? "GET",
      headers: { accept: "application/json", ...(how.body === undefined ? {} : { "content-type": "application/json" }) },
      ...(how.body === undefined ? {} : { body: JSON.stringify(how.body) }),
      ...(how.signal === undefined ? {} : { signal: how.signal }),
      cache: "no-store",
    });
    const body: unknown = await response.json();
    if (response.ok) return { ok: true, value: body as Value } satisfies Answer<Value>;
    const problem = ProblemBody.safeParse(body);
    const error = problem.success ? problem.data.error : { code: "unknown", message: `the gateway answered ${response.status}` };
    return { ok: false, status: response.status, error } satisfies Answer<Value>;
  } catch (failure) {
    if (how.signal?.aborted) throw failure;
    const error = { code: "unreachable", message: "the gateway did not answer; check the network and try again" };
    return { ok: false, status: 0, error } satisfies Answer<Value>;
  }
}
