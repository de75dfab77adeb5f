import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rowBytes } from "../../../test/fixtures/rows.ts";
import { type ByteStream, Frames, limitFrames } from "./frames.ts";
import { RowBuffer } from "./row-buffer.ts";

function message(letter: string, length: number): Buffer {
  const all = Buffer.alloc(1 + 4 + length, "x");
  all.write(letter);
  all.writeUInt32BE(length + 4, 1);
  return all;
}

function arrive(chunks: readonly Buffer[], fails = false): { heard: number; ended: string | null } {
  const result: { heard: number; ended: string | null } = { heard: 0, ended: null };
  const stream = {
    on: () => undefined,
    destroy: (error?: Error) => {
      result.ended = error?.message ?? "";
    },
  };
  const frames = new Frames(stream, 100);
  for (const chunk of chunks)
    frames.push(chunk, (piece) => {
      if (fails) throw new Error("too long");
      result.heard += piece.length;
    });
  return result;
}

const bytes = (all: Buffer) => Array.from(all, (byte) => Buffer.from([byte]));

describe("messages of the server", () => {
  const two = Buffer.concat([message("D", 100), message("D", 0)]);
  const large = "the server sent a row that is too large";
  test.each([
    { name: "whole", chunks: [two], heard: two.length, ended: null },
    { name: "byte by byte", chunks: bytes(two), heard: two.length, ended: null },
    { name: "too long", chunks: [message("D", 0), message("D", 101)], heard: 5, ended: large },
    { name: "too long, byte by byte", chunks: bytes(message("D", 101)), heard: 4, ended: large },
  ])("$name", ({ chunks, heard, ended }) => {
    expect(arrive(chunks)).toEqual({ heard, ended });
  });
  test("a parser that throws ends the connection", () => {
    expect(arrive([message("D", 1)], true)).toEqual({ heard: 0, ended: "the server's answer cannot be read" });
  });
});

/** What the driver and the taker get of messages that come in pieces of these sizes. */
function taken(all: Buffer, sizes: readonly number[], limit = 1_000_000) {
  const buffer = new RowBuffer();
  const passed: Buffer[] = [];
  let counted = 0;
  let ended = false;
  const stream = {
    on: () => undefined,
    destroy: () => {
      ended = true;
    },
  };
  const frames = new Frames(stream, limit);
  frames.taker = {
    take: (piece, count, rest) => {
      buffer.push(piece, count, rest);
      counted += count;
    },
  };
  const batches: Buffer[] = [];
  for (let at = 0, index = 0; at < all.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1;
    frames.push(all.subarray(at, at + size), (piece) => passed.push(Buffer.from(piece)));
    at += size;
    const batch = index % 2 === 0 ? buffer.take() : null;
    if (batch !== null) batches.push(Buffer.from(batch.bytes));
  }
  const last = buffer.take();
  if (last !== null) batches.push(Buffer.from(last.bytes));
  return { rows: Buffer.concat(batches), passed: Buffer.concat(passed), counted, left: buffer.size, ended };
}

describe("rows that are taken", () => {
  const value = fc.option(fc.string({ maxLength: 40 }));
  const row = fc.array(value, { minLength: 1, maxLength: 4 });
  const part = fc.oneof(
    row.map((values) => ({ row: true, bytes: rowBytes([values]) })),
    fc.record({ letter: fc.constantFrom("C", "N", "S", "Z"), length: fc.nat(30) }).map((of) => ({
      row: false,
      bytes: message(of.letter, of.length),
    })),
  );
  test("every byte goes where it belongs, however it arrives", () => {
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 30 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 }),
        (parts, sizes) => {
          const rows = parts.filter((item) => item.row);
          expect(taken(Buffer.concat(parts.map((item) => item.bytes)), sizes)).toEqual({
            rows: Buffer.concat(rows.map((item) => item.bytes)),
            passed: Buffer.concat(parts.filter((item) => !item.row).map((item) => item.bytes)),
            counted: rows.length,
            left: 0,
            ended: false,
          });
        },
      ),
      { numRuns: 500 },
    );
  });

  test("a row that is too long is not taken, wherever it stands", () => {
    const all = Buffer.concat([rowBytes([["1"], ["2"]]), message("D", 101), rowBytes([["3"]])]);
    for (const size of [1, 7, all.length]) expect(taken(all, [size], 100)).toMatchObject({ ended: true });
  });

  test("rows go to the driver where nobody takes them", () => {
    const stream = { on: () => undefined, destroy: () => undefined };
    const frames = new Frames(stream, 1_000);
    const heard: Buffer[] = [];
    frames.push(rowBytes([["1"]]), (piece) => heard.push(piece));
    expect(Buffer.concat(heard)).toEqual(rowBytes([["1"]]));
  });

  test("a connection gives its rows to whoever takes them now", () => {
    let listen: (chunk: Buffer) => void = () => undefined;
    const heard: number[] = [];
    const connection = limitFrames(
      {
        attachListeners: (stream: ByteStream) => {
          stream.on("data", (chunk) => heard.push(chunk.length));
        },
      },
      1_000,
    );
    connection.attachListeners({
      on: (_event, listener) => {
        listen = listener;
      },
      destroy: () => undefined,
    });
    let rows = 0;
    connection.takeRows({
      take: (_bytes, count) => {
        rows += count;
      },
    });
    listen(rowBytes([["1"], ["2"]]));
    connection.takeRows(null);
    listen(rowBytes([["3"]]));
    expect({ rows, heard }).toEqual({ rows: 2, heard: [rowBytes([["3"]]).length] });
  });
});

describe("a buffer of rows", () => {
  test("is cut to so many rows", () => {
    const buffer = new RowBuffer();
    const piece = rowBytes([["1"], ["22"], ["3"]]);
    buffer.push(Buffer.concat([piece, piece.subarray(0, 6)]), 3, 6);
    buffer.cut(2);
    expect(buffer.take()).toEqual({ count: 2, bytes: rowBytes([["1"], ["22"]]) });
    expect({ rest: buffer.take(), size: buffer.size }).toEqual({ rest: null, size: 0 });
  });

  test("grows for a row of any length", () => {
    const buffer = new RowBuffer();
    const long = rowBytes([["x".repeat(900_000)]]);
    for (let at = 0; at < long.length; at += 65_536) {
      const piece = long.subarray(at, at + 65_536);
      const last = at + 65_536 >= long.length;
      buffer.push(piece, last ? 1 : 0, last ? 0 : Math.min(long.length, at + 65_536));
    }
    expect(Buffer.compare(buffer.take()?.bytes ?? Buffer.alloc(0), long)).toBe(0);
  });
});
