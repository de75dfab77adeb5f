import { Readable } from "node:stream";
import { z } from "zod";
import { get } from "../../../handler.ts";

const From = z.strictObject({ from: z.coerce.number().int().min(0).default(0) });
const Offset = z.strictObject({ offset: z.coerce.number().int().min(0) });
/** A part of an upload. */
const MOST_PART = 8_000_000;

export const GET = get(From, ({ verbs, principal, parameters, sent }) => {
  const { name, bytes } = verbs.fileContent(principal, parameters.ticket ?? "", sent.from);
  return new Response(Readable.toWeb(Readable.from(bytes, { objectMode: false })) as ReadableStream<Uint8Array>, {
    headers: {
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    },
  });
});

export const PUT = get(Offset, async ({ verbs, principal, parameters, sent, request }) => {
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.length > MOST_PART) throw Object.assign(new Error("a part of an upload is too long"), { code: "invalid" });
  return verbs.putFile(principal, parameters.ticket ?? "", sent.offset, bytes);
});
