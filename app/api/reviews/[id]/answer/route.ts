import { ReviewAnswerBody } from "../../../../../server/contract/http.ts";
import { post } from "../../../handler.ts";

export const POST = post(ReviewAnswerBody, ({ verbs, principal, parameters, sent }) =>
  verbs.answerReview(principal, parameters.id ?? "", sent),
);
