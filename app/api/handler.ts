import { z } from "zod";
import type { Problem, ProblemDetail } from "../../server/contract/http.ts";
import type { Principal } from "../../server/core/domain/principal.ts";
import type { GatewayVerbs } from "../../server/gateway/gateway.ts";
import { gateway } from "../gateway.ts";

type Parameters = Readonly<Record<string, string>>;
type Handler = (request: Request, context: { params: Promise<Parameters> }) => Promise<Response>;

interface Call<Sent> {
  readonly verbs: GatewayVerbs;
  readonly principal: Principal;
  readonly parameters: Parameters;
  readonly sent: Sent;
  readonly request: Request;
}

/** Reads what was sent in the query; a body of bytes is left to the verb. */
export function get<Sent>(schema: z.ZodType<Sent>, verb: (call: Call<Sent>) => unknown): Handler {
  return handler((request) => schema.parse(Object.fromEntries(new URL(request.url).searchParams)), verb);
}

/** Reads what was sent as a JSON body. */
export function post<Sent>(schema: z.ZodType<Sent>, verb: (call: Call<Sent>) => unknown): Handler {
  return handler(async (request) => schema.parse(await json(request)), verb);
}

/** Takes only what is in the path. */
export function remove(verb: (call: Call<undefined>) => unknown): Handler {
  return handler(() => undefined, verb);
}

export const nothing = z.strictObject({});

function handler<Sent>(read: (request: Request) => Sent | Promise<Sent>, verb: (call: Call<Sent>) => unknown): Handler {
  return async (request, context) => {
    try {
      if (request.method !== "GET" && !fromOurPages(request.headers, gateway().publicUrl)) {
        return problem(403, "forbidden", "the request comes from another site");
      }
      const principal = await gateway().identify(request.headers.get("cookie"));
      if (principal === null) return problem(401, "signed-out", "you are not signed in, or your sign-in has ended");
      const [parameters, sent] = [await context.params, await read(request)];
      const answer = await verb({ verbs: gateway().verbs, principal, parameters, sent, request });
      if (answer instanceof Response) return answer;
      return Response.json(answer, { headers: { "cache-control": "no-store" } });
    } catch (error) {
      return refusal(error);
    }
  };
}

/**
 * A cookie travels with requests that other sites make. `Origin` is compared with the public URL, never with `Host`,
 * which the sender chooses; a request that says neither where it comes from nor that it is ours is refused.
 */
export function fromOurPages(headers: Headers, publicUrl: string): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin") return false;
  return headers.get("origin") === new URL(publicUrl).origin;
}

async function json(request: Request): Promise<unknown> {
  const text = await request.text();
  if (text === "") return {};
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw Object.assign(new Error("the body is not JSON", { cause }), { code: "invalid" });
  }
}

const STATUS: Readonly<Record<string, number>> = {
  "not-found": 404,
  forbidden: 403,
  invalid: 422,
  conflict: 409,
  unavailable: 503,
};

function refusal(error: unknown): Response {
  if (error instanceof z.ZodError) {
    const details = error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message }));
    return problem(422, "invalid", "what was sent is not understood", details);
  }
  if (error instanceof Error && "code" in error && typeof error.code === "string" && error.code in STATUS) {
    const details = "details" in error && Array.isArray(error.details) ? (error.details as ProblemDetail[]) : undefined;
    return problem(STATUS[error.code] ?? 500, error.code, error.message, details);
  }
  console.error("a verb failed", error);
  return problem(500, "internal", "the gateway failed; the failure is in its log");
}

function problem(status: number, code: string, message: string, details?: readonly ProblemDetail[]): Response {
  const body: Problem = { error: { code, message, ...(details === undefined ? {} : { details }) } };
  return Response.json(body, { status, headers: { "cache-control": "no-store" } });
}
