import type { Metadata } from "next";
import { WatchPage } from "../../../../components/sessions/watch-page.tsx";

export const metadata: Metadata = { title: "Watching" };

export default async function Watch({ params }: { params: Promise<{ id: string }> }) {
  return <WatchPage id={(await params).id} />;
}
