import { ConfigurationBody } from "../../../server/contract/http.ts";
import { get, nothing, post } from "../handler.ts";

export const GET = get(nothing, ({ verbs, principal }) => verbs.configuration(principal));
export const POST = post(ConfigurationBody, ({ verbs, principal, sent }) => verbs.saveConfiguration(principal, sent));
