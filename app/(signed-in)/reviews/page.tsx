import type { Metadata } from "next";
import { ReviewsPage } from "../../../components/review/reviews-page.tsx";

export const metadata: Metadata = { title: "Reviews" };

export default function Reviews() {
  return <ReviewsPage selected={null} />;
}
