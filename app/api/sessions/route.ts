import { get, nothing } from "../handler.ts";

export const GET = get(nothing, ({ verbs, principal }) => verbs.sessions(principal));
