import type { Metadata } from "next";
import { ReviewsPage } from "../../../../components/review/reviews-page.tsx";

export const metadata: Metadata = { title: "Review" };

export default async function Review({ params }: { params: Promise<{ id: string }> }) {
  return <ReviewsPage selected={(await params).id} />;
}
