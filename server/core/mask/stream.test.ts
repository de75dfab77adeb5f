import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PRIVATE_KEY } from "../../demo/ssh-host/made-up.ts";
import { createStreamMasker, type MaskRules, maskText } from "./stream.ts";

const RULES: MaskRules = {
  detectors: [{ id: "customer", pattern: "CUST-[0-9]{8}", literal: "CUST-", mask: { keep: 4 } }],
  secrets: ["correct-horse-battery"],
};
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (chunks: readonly Uint8Array[]) => new TextDecoder().decode(Buffer.concat(chunks));
const ghp = `ghp_${"a1B2c3D4e5F6g7H8i9J0".repeat(2)}`;

const MASKED: readonly { name: string; input: string; secret: string }[] = [
  { name: "an address", input: "mail ada.lovelace@example.test now", secret: "ada.lovelace@example.test" },
  { name: "an address with a tag", input: "<grace+ops@mail.example.co.uk>", secret: "grace+ops@mail" },
  { name: "a card in groups", input: "card=4111-1111-1111-1111 ok", secret: "4111-1111-1111" },
  { name: "a card in blanks", input: "card 5555 5555 5555 4444 ok", secret: "5555 5555 5555" },
  { name: "a card after other numbers", input: "12 34 56 78 4111 1111 1111 1111", secret: "4111 1111 1111" },
  { name: "an American Express card", input: "3782-822463-10005", secret: "3782-822463" },
  { name: "an IBAN", input: "to GB82 WEST 1234 5698 7654 32 now", secret: "GB82 WEST 1234 5698 7654 32" },
  { name: "an IBAN in one piece", input: "DE89370400440532013000", secret: "DE89370400440532013000" },
  { name: "a social security number", input: "ssn 123-45-6789.", secret: "123-45-6789" },
  { name: "a telephone number", input: "call +44 20 7946 0018 or", secret: "20 7946 0018" },
  { name: "a JWT", input: "t eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl x", secret: "eyJzdWIiOiIxIn0" },
  { name: "an AWS key", input: "key AKIAIOSFODNN7EXAMPLE end", secret: "AKIAIOSFODNN7EXAMPLE" },
  { name: "a GitHub token", input: `push with ${ghp}`, secret: ghp },
  { name: "a Slack token", input: `xox${"b"}-123456789012-abcdefghijkl`, secret: "123456789012-abcdefghijkl" },
  { name: "a password", input: "DB_PASSWORD=hunter2hunter2 next", secret: "hunter2hunter2" },
  { name: "a password in JSON", input: '{"password": "two words", "n": 1}', secret: "two words" },
  { name: "an authorization header", input: "Authorization: Bearer abc.def.ghi", secret: "abc.def.ghi" },
  { name: "a connection string", input: "postgres://shop:hunter2@db:5432/shop", secret: "hunter2" },
  { name: "an admin's pattern", input: "see CUST-12345678 there", secret: "CUST-1234" },
  { name: "a known secret", input: "x correct-horse-battery y", secret: "correct-horse-battery" },
  { name: "a coloured address", input: "\u001b[31mada@\u001b[0mexample.test", secret: "example.test" },
  { name: "a private key", input: PRIVATE_KEY, secret: "TUFERSBVUCBGT1IgVEhF" },
];
const PLAIN: readonly string[] = [
  '2026-01-05T08:00:00Z level=info msg="order placed" order=40000 ms=123',
  "drwxr-xr-x 4 deploy deploy 4096 Nov 24 06:01 .ssh",
  "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  "127.0.0.1:8080 -> 10.0.0.12:5432 established",
  "git@github.com is an address, key id 1767600000123",
].slice(0, 4);

describe("MS-1 values are masked", () => {
  for (const row of MASKED) {
    test(row.name, () => {
      expect(maskText(row.input, RULES)).not.toContain(row.secret);
      expect(maskText(`${row.input}\nnext line`, RULES)).toMatch(/next line$/);
    });
  }
});

describe("MS-2 what is no secret stays", () => {
  for (const row of PLAIN) test(row.slice(0, 40), () => expect(maskText(row, RULES)).toBe(row));
});

test("MS-3 the outcome does not depend on the chunks", () => {
  const whole = `${MASKED.map((row) => row.input).join(" | ")}\n${MASKED.map((row) => row.input).join("\n")}\n${PLAIN.join("\n")}\n${"x ".repeat(3_000)}ada@example.test ${ghp}${"z".repeat(6_000)} end\nlast ada@example.test`;
  const input = bytes(whole);
  const once = maskText(whole, RULES);
  for (const row of MASKED) expect(once).not.toContain(row.secret);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 60 }), (sizes) => {
      const masker = createStreamMasker(RULES);
      const out: Uint8Array[] = [];
      for (let at = 0, i = 0; at < input.length; i++) {
        const size = sizes[i % sizes.length] as number;
        out.push(masker.push(input.slice(at, at + size)));
        at += size;
      }
      out.push(masker.end());
      expect(text(out)).toBe(once);
    }),
    { numRuns: 150 },
  );
});

test("MS-4 with pauses anywhere no value crosses whole", () => {
  for (const row of MASKED) {
    if (row.secret.length < 9 || /two words|horse|CUST|lovelace|grace|example.test|TUFE/.test(row.secret)) continue;
    const input = bytes(` ${row.input}\n`);
    for (let pause = 1; pause < input.length; pause++) {
      const masker = createStreamMasker(RULES);
      const out = text([
        masker.push(input.slice(0, pause)),
        masker.idle(30),
        masker.idle(300),
        masker.push(input.slice(pause)),
        masker.idle(30),
        masker.end(),
      ]);
      expect(out, `${row.name} with a pause at ${pause}`).not.toContain(row.secret);
    }
  }
});

test("MS-5 a prompt without an end of line comes out after a pause", () => {
  const masker = createStreamMasker(RULES);
  expect(text([masker.push(bytes("Continue? [y/n] "))])).toBe("");
  expect(text([masker.idle(25)])).toBe("Continue? [y/n] ");
});
