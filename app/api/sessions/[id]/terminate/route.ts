import { TerminateBody } from "../../../../../server/contract/watch.ts";
import { post } from "../../../handler.ts";

export const POST = post(TerminateBody, async ({ verbs, principal, parameters, sent }) => {
  await verbs.terminateSession(principal, parameters.id ?? "", sent.reason);
  return {};
});
