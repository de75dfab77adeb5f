import ssh2 from "ssh2";
import { expect, test } from "vitest";
import { generated } from "./keys.ts";

test("a pair that cannot be read is made again", () => {
  const good = ssh2.utils.generateKeyPairSync("ed25519");
  const made = [
    { private: "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", public: "" },
    generated(() => good),
  ];
  expect(generated(() => made.shift() ?? good)).toBe(good);
  expect(made).toEqual([]);
});
