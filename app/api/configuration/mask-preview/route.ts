import { MaskPreviewBody } from "../../../../server/contract/http.ts";
import { post } from "../../handler.ts";

export const POST = post(MaskPreviewBody, ({ verbs, principal, sent }) => verbs.previewMask(principal, sent));
