import { nothing, post } from "../../../handler.ts";

export const POST = post(nothing, async ({ verbs, principal, parameters }) => {
  await verbs.retryNotification(principal, parameters.id ?? "");
  return {};
});
