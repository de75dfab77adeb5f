import { FoundBody } from "../../../../../server/contract/http.ts";
import { post } from "../../../handler.ts";

export const POST = post(FoundBody, ({ verbs, principal, parameters, sent }) =>
  verbs.foundRun(principal, parameters.id ?? "", sent),
);
