import { getToken } from "next-auth/jwt";
import type { SignIn, SignInStore } from "../gateway/store-ports.ts";

/**
 * From a request's cookies to a live sign-in. next-auth's cookie says which sign-in; the store's row says whether it
 * still holds. Null: nobody. Throws where the store cannot be asked.
 */
export function createIdentify(
  signIns: SignInStore,
  secret: string,
  publicUrl: string,
): (cookies: string | null) => Promise<SignIn | null> {
  const secureCookie = publicUrl.startsWith("https:");
  return async (header) => {
    if (header === null) return null;
    const cookies = parseCookies(header);
    // getToken reads `cookies` and `headers` of a request; the chunks of a long cookie are among the cookies.
    const request = { cookies, headers: {} } as unknown as Parameters<typeof getToken>[0]["req"];
    const token = await getToken({ req: request, secret, secureCookie });
    return typeof token?.sid === "string" ? signIns.find(token.sid) : null;
  };
}

function parseCookies(header: string): Readonly<Record<string, string>> {
  const cookies: Record<string, string> = {};
  for (const part of header.split(";")) {
    const at = part.indexOf("=");
    if (at === -1) continue;
    const value = part.slice(at + 1).trim();
    try {
      cookies[part.slice(0, at).trim()] = decodeURIComponent(value);
    } catch {
      cookies[part.slice(0, at).trim()] = value;
    }
  }
  return cookies;
}
