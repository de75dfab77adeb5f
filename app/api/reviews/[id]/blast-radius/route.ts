import { get, nothing } from "../../../handler.ts";

export const GET = get(nothing, ({ verbs, principal, parameters }) => verbs.blastRadius(principal, parameters.id ?? ""));
