import { type NextRequest, NextResponse } from "next/server";
import { gateway } from "./app/gateway.ts";

/**
 * Every page gets a policy of what it may load, with a nonce of its own, and no page but the sign-in is shown to
 * someone who is not signed in. The routes under `/api` answer for themselves (401, not a redirect).
 */
export async function proxy(request: NextRequest): Promise<NextResponse> {
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64");
  const policy = contentSecurityPolicy(nonce, process.env.NODE_ENV !== "production");
  const headers = new Headers(request.headers);
  headers.set("x-nonce", nonce);
  headers.set("content-security-policy", policy);

  const { pathname, search } = request.nextUrl;
  const open = pathname.startsWith("/api/") || pathname === "/sign-in";
  const response =
    open || (await gateway().identify(request.headers.get("cookie"))) !== null
      ? NextResponse.next({ request: { headers } })
      : NextResponse.redirect(signIn(pathname + search));
  response.headers.set("content-security-policy", policy);
  response.headers.set("x-content-type-options", "nosniff");
  response.headers.set("referrer-policy", "same-origin");
  return response;
}

/** Against the public URL: Next's own idea of the host is that of the request. */
function signIn(to: string): URL {
  const url = new URL("/sign-in", gateway().publicUrl);
  if (to !== "/") url.searchParams.set("to", to);
  return url;
}

function contentSecurityPolicy(nonce: string, development: boolean): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ""}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}

export const config = { matcher: ["/((?!_next/static|_next/image|favicon.ico|icon.svg).*)"] };
