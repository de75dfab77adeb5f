import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";
import type { FileAnswer, FileBody } from "../contract/http.ts";
import { describeFile, type FileOrder, isText } from "../core/guard/files.ts";
import type { Allowed } from "./file-tickets.ts";
import { type JudgedFiles, messageOf, whyOf } from "./judged-files.ts";
import type { FileUpload } from "./ports.ts";
import type { Context } from "./ports-of-gateway.ts";
import type { OpenShellSession } from "./sessions.ts";
import { VerbError } from "./verb-error.ts";

/** In bytes. */
export const LONGEST_TEXT = 1_000_000;

/** Text files for the editor of the browser: masked, and saved as the difference that was judged. */
export class FileTexts {
  readonly #context: Pick<Context, "sha256">;
  readonly #judged: JudgedFiles;

  constructor(context: Pick<Context, "sha256">, judged: JudgedFiles) {
    this.#context = context;
    this.#judged = judged;
  }

  /** The text, masked, and whether it may be saved. Throws `VerbError`. */
  async open(session: OpenShellSession, asked: string, allowed: Allowed): Promise<FileAnswer> {
    const raw = await this.#whole(session, asked, allowed);
    const text = this.#judged.masked(raw);
    const write = describeFile(`save ${asked}`, asked, { way: "write", path: allowed.order.path });
    const decision = this.#judged.judge(session, write, { way: "write", path: allowed.order.path });
    const isMasked = text !== raw;
    return {
      state: "text",
      path: allowed.order.path,
      text,
      digest: this.#context.sha256(raw),
      masked: isMasked,
      mayWrite: decision.outcome,
      because: whyOf(decision) ?? "",
    };
  }

  async #whole(session: OpenShellSession, asked: string, allowed: Allowed): Promise<string> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    try {
      for await (const chunk of session.connection.readFile(allowed.order)) {
        size += chunk.length;
        if (size > LONGEST_TEXT) throw new VerbError("invalid", "the file is too long for the editor");
        chunks.push(chunk);
      }
    } catch (error) {
      await this.#judged.ended({ session, ...allowed }, size, "failed");
      throw error instanceof VerbError ? error : new VerbError("conflict", messageOf(error));
    }
    await this.#judged.ended({ session, ...allowed }, size, "done");
    const bytes = Buffer.concat(chunks);
    if (!isText(bytes, true)) throw new VerbError("invalid", `\`${asked}\` is no text`);
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  }

  /** What is reviewed is the difference; it is written only over the text that it was made from. */
  async save(
    session: OpenShellSession,
    asked: string,
    order: FileOrder,
    exists: boolean,
    body: FileBody,
    act: Extract<FileBody["act"], { way: "save" }>,
  ): Promise<FileAnswer> {
    const reading: FileOrder = { way: "read", path: order.path };
    let before = "";
    if (exists) {
      // Who may not read it does not learn of it from a difference.
      const read = await this.#judged.allowed(session, describeFile(`open ${asked}`, asked, reading), reading, {
        ...body,
        review: undefined,
      });
      if ("review" in read) throw new VerbError("forbidden", "reading the file needs a review; open it first");
      before = await this.#whole(session, asked, read);
    }
    if (this.#context.sha256(before) !== act.digest)
      throw new VerbError("conflict", `\`${asked}\` was changed meanwhile; open it again, your text is still in the editor`);
    if (this.#judged.masked(before) !== before)
      throw new VerbError("forbidden", "something in the file is masked: saving would destroy it");
    const text = `save ${asked}\n${createTwoFilesPatch(asked, asked, before, act.text, "before", "after", { headerOptions: FILE_HEADERS_ONLY })}`;
    const allowed = await this.#judged.allowed(session, describeFile(text, asked, order), order, body);
    if ("review" in allowed) return allowed;
    const ended = { session, ...allowed };
    const bytes = new TextEncoder().encode(act.text);
    let upload: FileUpload | null = null;
    try {
      upload = await session.connection.writeFile(allowed.order);
      await upload.append(bytes);
      await upload.finish();
    } catch (error) {
      await upload?.abort();
      await this.#judged.ended(ended, 0, "failed");
      throw new VerbError("conflict", messageOf(error));
    }
    await this.#judged.ended(ended, bytes.length, "done");
    return { state: "saved", digest: this.#context.sha256(act.text) };
  }
}
