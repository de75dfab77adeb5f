import type { Metadata } from "next";

export const metadata: Metadata = { title: "Review" };

/** Shown by the layout. */
export default function Review() {
  return null;
}
