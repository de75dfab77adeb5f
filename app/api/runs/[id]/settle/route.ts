import { SettleBody } from "../../../../../server/contract/http.ts";
import { post } from "../../../handler.ts";

export const POST = post(SettleBody, ({ verbs, principal, parameters, sent }) =>
  verbs.settleRun(principal, parameters.id ?? "", sent),
);
