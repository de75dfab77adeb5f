import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";

/**
 * A development identity provider on loopback: real OpenID Connect, three accounts, a button each instead of a password.
 * Whoever reaches it is whom they say they are, so it refuses to listen anywhere else.
 */
export interface DemoAccount {
  readonly email: string;
  readonly name: string;
  readonly groups: readonly string[];
  readonly region: string;
}

export const DEMO_ACCOUNTS: readonly DemoAccount[] = [
  { email: "engineer@acme.test", name: "Engineer", groups: ["engineers"], region: "EU" },
  { email: "reviewer@acme.test", name: "Reviewer", groups: ["sre-leads", "engineers"], region: "EU" },
  { email: "admin@acme.test", name: "Admin", groups: ["gatehouse-admins"], region: "US" },
];

export interface DemoIdentityProvider {
  readonly issuer: string;
  stop(): Promise<void>;
}

export interface DemoIdentityOptions {
  readonly port: number;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly publicUrl: string;
  readonly cookieKey: string;
}

export async function startDemoIdentityProvider(options: DemoIdentityOptions): Promise<DemoIdentityProvider> {
  const server = createServer();
  server.listen(options.port, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const issuer = `http://localhost:${port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: options.clientId,
        client_secret: options.clientSecret,
        redirect_uris: [`${options.publicUrl}/api/auth/callback/gatehouse`],
        post_logout_redirect_uris: [options.publicUrl],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    // Cookies do not know ports: other names than any other program's on this machine.
    cookies: {
      keys: [options.cookieKey],
      names: { session: "gatehouse-idp", interaction: "gatehouse-idp-interaction", resume: "gatehouse-idp-resume" },
    },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "region"], groups: ["groups"] },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    pkce: { required: () => true },
    findAccount: (_context, id) => {
      const account = DEMO_ACCOUNTS.find((each) => each.email === id);
      if (account === undefined) return undefined;
      return {
        accountId: id,
        claims: () => ({
          sub: id,
          email: account.email,
          email_verified: true,
          name: account.name,
          region: account.region,
          groups: [...account.groups],
        }),
      };
    },
    interactions: { url: (_context, interaction) => `/choose/${interaction.uid}` },
    loadExistingGrant: async (context) => {
      const { client, session } = context.oidc;
      if (client === undefined || session?.accountId === undefined) return undefined;
      const grant = new context.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope("openid email profile groups");
      await grant.save();
      return grant;
    },
    ttl: { Session: 3_600, Interaction: 3_600, Grant: 3_600, AccessToken: 3_600, IdToken: 3_600 },
  });
  const callback = provider.callback();
  server.on("request", (request, response) => {
    const url = new URL(request.url ?? "/", issuer);
    const uid = /^\/choose\/[\w-]+$/.test(url.pathname);
    if (!uid) return void callback(request, response);
    const email = url.searchParams.get("account");
    void (async () => {
      try {
        await provider.interactionDetails(request, response);
        if (email !== null && request.method === "POST" && DEMO_ACCOUNTS.some((account) => account.email === email)) {
          await provider.interactionFinished(
            request,
            response,
            { login: { accountId: email } },
            { mergeWithLastSubmission: false },
          );
          return;
        }
        response.writeHead(200, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" });
        response.end(page(url.pathname));
      } catch {
        response.writeHead(400, { "content-type": "text/plain; charset=utf-8" });
        response.end("This sign-in has run out. Go back to Gatehouse and sign in again.");
      }
    })();
  });
  return {
    issuer,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close").catch(() => undefined);
    },
  };
}

function page(path: string): string {
  const buttons = DEMO_ACCOUNTS.map(
    ({ email, name, groups }) =>
      `<form method="post" action="${path}?account=${encodeURIComponent(email)}"><button type="submit"><b>${name}</b><span>${email}</span><small>${groups.join(", ")}</small></button></form>`,
  ).join("");
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>Demo sign-in</title>
<style>:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:26rem;margin:12vh auto;padding:0 1rem}h1{font-size:1.2rem}
form{margin:.5rem 0}button{all:unset;box-sizing:border-box;width:100%;display:grid;grid-template-columns:1fr auto;gap:0 1rem;padding:.75rem 1rem;border:1px solid #8888;border-radius:8px;cursor:pointer}
button:hover,button:focus-visible{outline:2px solid #4c6ef5}span{opacity:.75}small{grid-column:1/3;opacity:.6}</style>
<h1>Who are you today?</h1><p>The demo's identity provider. It asks for no password and listens on this machine only.</p>${buttons}</html>`;
}
