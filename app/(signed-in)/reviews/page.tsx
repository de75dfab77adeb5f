import type { Metadata } from "next";

export const metadata: Metadata = { title: "Reviews" };

/** Shown by the layout. */
export default function Reviews() {
  return null;
}
