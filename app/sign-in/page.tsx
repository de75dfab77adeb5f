import type { Metadata } from "next";
import { SignIn } from "../../components/frame/sign-in.tsx";

export const metadata: Metadata = { title: "Sign in" };

export default async function SignInPage({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}) {
  const { to, callbackUrl, error } = await searchParams;
  return <SignIn to={path(to) ?? path(callbackUrl) ?? "/"} failed={typeof error === "string" ? error : null} />;
}

/** Only a path of our own: the page must not send people elsewhere after they trusted it. */
function path(value: string | string[] | undefined): string | null {
  return typeof value === "string" && /^\/(?![/\\])/.test(value) ? value : null;
}
