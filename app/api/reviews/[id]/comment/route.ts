import { ReviewCommentBody } from "../../../../../server/contract/http.ts";
import { post } from "../../../handler.ts";

export const POST = post(ReviewCommentBody, ({ verbs, principal, parameters, sent }) =>
  verbs.commentReview(principal, parameters.id ?? "", sent.text),
);
