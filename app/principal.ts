import { headers } from "next/headers";
import { redirect } from "next/navigation";
import type { Me } from "../server/contract/http.ts";
import { gateway } from "./gateway.ts";

/** Who looks at the page. The proxy has sent strangers away; a sign-in that ended since then goes the same way. */
export async function me(): Promise<Me> {
  const principal = await gateway().identify((await headers()).get("cookie"));
  if (principal === null) redirect("/sign-in");
  return gateway().verbs.me(principal);
}
