import { nothing, post } from "../../../handler.ts";

export const POST = post(nothing, ({ verbs, principal, parameters }) =>
  verbs.verifyRecording(principal, parameters.session ?? ""),
);
