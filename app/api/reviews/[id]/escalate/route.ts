import { EscalateBody } from "../../../../../server/contract/http.ts";
import { post } from "../../../handler.ts";

export const POST = post(EscalateBody, ({ verbs, principal, parameters, sent }) =>
  verbs.escalateReview(principal, parameters.id ?? "", sent.group),
);
