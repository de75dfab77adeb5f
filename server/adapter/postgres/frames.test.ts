import { describe, expect, test } from "vitest";
import { limited } from "./frames.ts";

function message(length: number): Buffer {
  const all = Buffer.alloc(1 + 4 + length, "x");
  all.write("D");
  all.writeUInt32BE(length + 4, 1);
  return all;
}

function arrive(chunks: readonly Buffer[], fails = false): { heard: number; ended: string | null } {
  let listen: (chunk: Buffer) => void = () => undefined;
  const result: { heard: number; ended: string | null } = { heard: 0, ended: null };
  const stream = limited(
    {
      on: (_event, listener) => {
        listen = listener;
      },
      destroy: (error) => {
        result.ended = error?.message ?? "";
      },
    },
    100,
  );
  stream.on("data", (chunk) => {
    if (fails) throw new Error("too long");
    result.heard += chunk.length;
  });
  for (const chunk of chunks) listen(chunk);
  return result;
}

describe("messages of the server", () => {
  const two = Buffer.concat([message(100), message(0)]);
  const bytes = (all: Buffer) => Array.from(all, (byte) => Buffer.from([byte]));
  test.each([
    { name: "whole", chunks: [two], heard: two.length, ended: null },
    { name: "byte by byte", chunks: bytes(two), heard: two.length, ended: null },
    { name: "too long", chunks: [message(0), message(101)], heard: 5, ended: "the server sent a row that is too large" },
    { name: "too long, byte by byte", chunks: bytes(message(101)), heard: 4, ended: "the server sent a row that is too large" },
  ])("$name", ({ chunks, heard, ended }) => {
    expect(arrive(chunks)).toEqual({ heard, ended });
  });
  test("a parser that throws ends the connection", () => {
    expect(arrive([message(1)], true)).toEqual({ heard: 0, ended: "the server's answer cannot be read" });
  });
});
