import { SessionCommentBody } from "../../../../../server/contract/watch.ts";
import { post } from "../../../handler.ts";

export const POST = post(SessionCommentBody, async ({ verbs, principal, parameters, sent }) => {
  await verbs.commentSession(principal, parameters.id ?? "", sent.text);
  return {};
});
