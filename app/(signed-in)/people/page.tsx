import type { Metadata } from "next";
import { NotPermitted } from "../../../components/condition/condition.tsx";
import { PeoplePage } from "../../../components/people/people-page.tsx";
import { me } from "../../principal.ts";

export const metadata: Metadata = { title: "People" };

export default async function People() {
  const { may } = await me();
  return may.readConfiguration ? (
    <PeoplePage mayWrite={may.writeConfiguration} />
  ) : (
    <NotPermitted what="the people" action="admin:read" />
  );
}
