import { ConfigurationBody } from "../../../../server/contract/http.ts";
import { post } from "../../handler.ts";

export const POST = post(ConfigurationBody, ({ verbs, principal, sent }) => verbs.validateConfiguration(principal, sent));
