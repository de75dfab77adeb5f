import { remove } from "../../../handler.ts";

export const DELETE = remove(({ verbs, principal, parameters }) =>
  verbs.deleteConfiguration(principal, parameters.kind ?? "", parameters.id ?? ""),
);
