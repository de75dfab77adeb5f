import { Readable } from "node:stream";
import { z } from "zod";
import { LENGTH_HEADER } from "../../../../../server/contract/http.ts";
import { get, nothing } from "../../../handler.ts";

const Offset = z.strictObject({ offset: z.coerce.number().int().min(0) });
/** A part of an upload. */
const MOST_PART = 8_000_000;

/** `bytes=N-`, as browsers ask for the rest of a download, with the version that they have the beginning of. */
const Rest = z.object({
  range: z
    .string()
    .regex(/^bytes=[0-9]{1,12}-$/)
    .transform((text) => Number(text.slice("bytes=".length, -1)))
    .catch(0),
  version: z
    .string()
    .regex(/^"[0-9a-f]+"$/)
    .transform((text) => text.slice(1, -1))
    .nullable()
    .catch(""),
});

export const GET = get(nothing, async ({ verbs, principal, parameters, request }) => {
  const { range: from, version } = Rest.parse({
    range: request.headers.get("range") ?? "bytes=0-",
    version: request.headers.get("if-range"),
  });
  const file = await verbs.fileContent(principal, parameters.ticket ?? "", { from, version });
  const { size } = file;
  return new Response(Readable.toWeb(Readable.from(file.bytes, { objectMode: false })) as ReadableStream<Uint8Array>, {
    status: from === 0 ? 200 : 206,
    headers: {
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(file.name)}`,
      ...(size === null ? {} : { "accept-ranges": "bytes", [LENGTH_HEADER]: String(size - from) }),
      ...(size === null || from === 0 ? {} : { "content-range": `bytes ${from}-${size - 1}/${size}` }),
      etag: `"${file.version}"`,
      "x-content-type-options": "nosniff",
      // What is compressed on the way has another length, and no rest.
      "cache-control": "no-store, no-transform",
    },
  });
});

export const PUT = get(Offset, async ({ verbs, principal, parameters, sent, request }) => {
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.length > MOST_PART) throw Object.assign(new Error("a part of an upload is too long"), { code: "invalid" });
  return verbs.putFile(principal, parameters.ticket ?? "", sent.offset, bytes);
});
