import type { Metadata } from "next";
import { RecordingsPage } from "../../../components/recording/recordings-page.tsx";
import { me } from "../../principal.ts";

export const metadata: Metadata = { title: "Recordings" };

export default async function Recordings() {
  return <RecordingsPage all={(await me()).may.readRecord} />;
}
