import { expect, test } from "vitest";
import { upload } from "./upload.ts";

/** A gateway that keeps what it is sent; `faults` says what happens to the answer of each request. */
function gateway(size: number, faults: readonly ("lost-before" | "lost-after" | "refused" | undefined)[]) {
  const kept: string[] = [];
  let at = 0;
  let requests = 0;
  const send = async (path: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const fault = faults[requests++];
    if (fault === "lost-before") throw new TypeError("Failed to fetch");
    if (fault === "refused") return Response.json({ error: { code: "forbidden", message: "no longer" } }, { status: 403 });
    const text = await new Response(init?.body ?? "").text();
    if (Number(new URL(String(path), "http://x").searchParams.get("offset")) === at) {
      kept.push(text);
      at += text.length;
    }
    if (fault === "lost-after") throw new TypeError("Failed to fetch");
    return Response.json({ at, done: at === size });
  };
  return { send: send as typeof fetch, kept: () => kept.join(""), requests: () => requests };
}

const text = "0123456789".repeat(900_000);

test("goes in parts, and each is there once, however often its answer is lost", async () => {
  const to = gateway(text.length, [undefined, "lost-after", "lost-before", undefined, "lost-after"]);
  const progress: number[] = [];
  await upload("t", new Blob([text]), (sent) => progress.push(sent), new AbortController().signal, to.send);
  expect(to.kept()).toBe(text);
  expect(progress.at(-1)).toBe(text.length);
});

test("an empty file is one part", async () => {
  const to = gateway(0, []);
  await upload("t", new Blob([]), () => {}, new AbortController().signal, to.send);
  expect(to.requests()).toBe(1);
});

test("a refusal ends it with its reason", async () => {
  const to = gateway(text.length, [undefined, "refused"]);
  await expect(upload("t", new Blob([text]), () => {}, new AbortController().signal, to.send)).rejects.toThrow("no longer");
});

test("who gives up is not tried again", async () => {
  const abort = new AbortController();
  const to = gateway(text.length, ["lost-before"]);
  abort.abort();
  await expect(upload("t", new Blob([text]), () => {}, abort.signal, to.send)).rejects.toThrow();
  expect(to.requests()).toBe(1);
});
