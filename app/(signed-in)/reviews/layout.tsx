import type { ReactNode } from "react";
import { ReviewsPage } from "../../../components/review/reviews-page.tsx";

/** The list stays as it is from one review to the next; the pages below it only have addresses. */
export default function ReviewsLayout({ children }: { children: ReactNode }) {
  return (
    <>
      <ReviewsPage />
      {children}
    </>
  );
}
