import type { Metadata } from "next";
import { NotPermitted } from "../../../components/condition/condition.tsx";
import { SessionsPage } from "../../../components/sessions/sessions-page.tsx";
import { me } from "../../principal.ts";

export const metadata: Metadata = { title: "Sessions" };

export default async function Sessions() {
  const { may } = await me();
  return may.watchSessions ? <SessionsPage /> : <NotPermitted what="the sessions of others" action="session:watch" />;
}
