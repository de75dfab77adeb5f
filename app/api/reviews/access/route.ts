import { AccessRequestBody } from "../../../../server/contract/http.ts";
import { post } from "../../handler.ts";

export const POST = post(AccessRequestBody, ({ verbs, principal, sent }) => verbs.requestAccess(principal, sent));
