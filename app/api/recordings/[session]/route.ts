import { RecordingPartQuery } from "../../../../server/contract/http.ts";
import { get } from "../../handler.ts";

export const GET = get(RecordingPartQuery, ({ verbs, principal, parameters, sent }) =>
  verbs.recordingPart(principal, parameters.session ?? "", sent.part),
);
