import { get, nothing } from "../../../handler.ts";

export const GET = get(nothing, ({ verbs, principal, parameters }) => verbs.tree(principal, parameters.id ?? ""));
