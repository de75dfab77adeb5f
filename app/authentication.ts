import type { NextAuthOptions } from "next-auth";
import { z } from "zod";
import { gateway } from "./gateway.ts";

const Text = z.string().min(1).max(1_000);

/**
 * Sign-in with the company's identity provider. The cookie holds only who (`sub`) and which sign-in (`sid`); groups and
 * revocation are in the gateway's own row, read at each request.
 *
 * Built per request: the gateway is installed at run time.
 */
export function authentication(): NextAuthOptions {
  const { identity, publicUrl } = gateway();
  const { provider } = identity;

  const Profile = z
    .looseObject({ sub: Text, email: Text.optional(), email_verified: z.boolean().optional(), name: Text.optional() })
    .transform((profile) => ({
      email: profile.email ?? "",
      verified: profile.email_verified !== false,
      name: profile.name ?? profile.email ?? profile.sub,
      groups: z.array(Text).max(1_000).catch([]).parse(profile[provider.groupsClaim]),
      attributes: attributesOf(profile, provider.attributeClaims),
    }));

  return {
    secret: identity.secret,
    useSecureCookies: publicUrl.startsWith("https:"),
    session: { strategy: "jwt", maxAge: 12 * 60 * 60 },
    pages: { signIn: "/sign-in", error: "/sign-in" },
    providers: [
      {
        id: "gatehouse",
        name: "the identity provider",
        type: "oauth",
        wellKnown: provider.wellKnown,
        clientId: provider.clientId,
        clientSecret: provider.clientSecret,
        idToken: true,
        checks: ["pkce", "state", "nonce"],
        authorization: { params: { scope: provider.scope, prompt: "login" } },
        profile: (profile) => {
          const { email, name } = Profile.parse(profile);
          return { id: email, email, name };
        },
      },
    ],
    callbacks: {
      /** No e-mail address, or one that the provider does not vouch for, is nobody. */
      signIn: ({ profile }) => {
        const known = Profile.safeParse(profile);
        return known.success && known.data.email !== "" && known.data.verified;
      },
      jwt: async ({ token, profile }) => {
        if (profile === undefined) return { sub: token.sub, sid: token.sid, exp: token.exp, iat: token.iat };
        const { email, name, groups, attributes } = Profile.parse(profile);
        const id = email.toLowerCase();
        const sid = await identity.signIn({ email: id, name, groups, attributes });
        return { sub: id, sid };
      },
      session: ({ session }) => ({ expires: session.expires }),
      redirect: ({ url, baseUrl }) => (url.startsWith("/") && !url.startsWith("//") ? baseUrl + url : sameOrigin(url, baseUrl)),
    },
    events: {
      signOut: async ({ token }) => {
        if (typeof token?.sid === "string") await identity.signOut(token.sid);
      },
    },
  };
}

/** Text, numbers and truth values, as text. A claim that is absent or anything else gives no attribute. */
function attributesOf(
  profile: Readonly<Record<string, unknown>>,
  claims: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const Value = z.union([Text, z.number(), z.boolean()]).transform(String);
  return Object.fromEntries(
    Object.entries(claims).flatMap(([name, claim]) => {
      const value = Value.safeParse(profile[claim]);
      return value.success ? [[name, value.data]] : [];
    }),
  );
}

/** A redirect to somewhere else after the sign-in would lend this origin's good name to it. */
function sameOrigin(url: string, baseUrl: string): string {
  return URL.canParse(url) && new URL(url).origin === new URL(baseUrl).origin ? url : baseUrl;
}
