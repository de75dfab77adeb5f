import { RecordQuery } from "../../../server/contract/http.ts";
import { get } from "../handler.ts";

export const GET = get(RecordQuery, ({ verbs, principal, sent }) => verbs.record(principal, sent));
