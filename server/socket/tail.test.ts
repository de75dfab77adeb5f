import { expect, test } from "vitest";
import { Tail } from "./tail.ts";

const text = (tail: Tail) => new TextDecoder().decode(tail.bytes());
const bytes = (given: string) => new TextEncoder().encode(given);

test("everything while it is short, then whole lines of the end", () => {
  const tail = new Tail(12);
  expect(text(tail)).toBe("");
  tail.push(bytes("one\n"));
  tail.push(bytes("two\n"));
  expect(text(tail)).toBe("one\ntwo\n");
  tail.push(bytes("thr"));
  tail.push(bytes("ee\nfour\nf"));
  expect(text(tail)).toBe("four\nf");
});

test("one chunk that is too long is kept, its first line is not", () => {
  const tail = new Tail(3);
  tail.push(bytes("a\n"));
  tail.push(bytes("long line\nend"));
  expect(text(tail)).toBe("end");
});

test("a buffer that is used again changes nothing", () => {
  const tail = new Tail(100);
  const buffer = bytes("abc");
  tail.push(buffer);
  buffer.fill(0);
  expect(text(tail)).toBe("abc");
});
