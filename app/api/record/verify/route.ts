import { nothing, post } from "../../handler.ts";

export const POST = post(nothing, ({ verbs, principal }) => verbs.verifyRecord(principal));
