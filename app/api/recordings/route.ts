import { RecordingQuery } from "../../../server/contract/http.ts";
import { get } from "../handler.ts";

export const GET = get(RecordingQuery, ({ verbs, principal, sent }) => verbs.recordings(principal, sent));
