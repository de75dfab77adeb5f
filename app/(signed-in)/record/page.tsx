import type { Metadata } from "next";
import { NotPermitted } from "../../../components/condition/condition.tsx";
import { RecordPage } from "../../../components/record/record-page.tsx";
import { me } from "../../principal.ts";

export const metadata: Metadata = { title: "Record" };

export default async function RecordOf() {
  const { may } = await me();
  return may.readRecord ? <RecordPage /> : <NotPermitted what="the record" action="audit:read" />;
}
