import type { Metadata } from "next";
import { RecordingPage } from "../../../../components/recording/recording-page.tsx";

export const metadata: Metadata = { title: "Recording" };

export default async function Recording({ params }: { params: Promise<{ session: string }> }) {
  return <RecordingPage session={(await params).session} />;
}
