import type { Metadata } from "next";

export const metadata: Metadata = { title: "Workbench" };

/** The frame shows the workbench itself and keeps it alive, so that a running program survives a look at the reviews. */
export default function WorkbenchPage() {
  return null;
}
