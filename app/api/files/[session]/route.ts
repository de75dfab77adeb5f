import { FileBody, FilesQuery } from "../../../../server/contract/http.ts";
import { get, post } from "../../handler.ts";

export const GET = get(FilesQuery, ({ verbs, principal, parameters, sent }) =>
  verbs.files(principal, parameters.session ?? "", sent.path),
);
export const POST = post(FileBody, ({ verbs, principal, parameters, sent }) =>
  verbs.askFile(principal, parameters.session ?? "", sent),
);
