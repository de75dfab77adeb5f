import { PersonBody } from "../../../server/contract/http.ts";
import { get, nothing, post } from "../handler.ts";

export const GET = get(nothing, ({ verbs, principal }) => verbs.people(principal));
export const POST = post(PersonBody, ({ verbs, principal, sent }) => verbs.changePerson(principal, sent));
