import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { get } from "node:http";
import { expect, test } from "@playwright/test";

const PORT = 4150;
const DATA = ".data/e2e-start";

test("whoever asks while Gatehouse starts gets an answer, and Ctrl-C leaves nothing running", async () => {
  test.setTimeout(180_000);
  const demo = spawn(process.execPath, ["bin/gatehouse.mjs", "demo", "--port", String(PORT)], {
    env: { ...process.env, GATEHOUSE_DATA: DATA },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const exited = new Promise<number | null>((resolve) => demo.once("exit", resolve));
  try {
    let ready = false;
    demo.stdout.on("data", (chunk: Buffer) => {
      ready ||= chunk.toString().includes("is ready");
    });
    const answers: Promise<number | string>[] = [];
    await expect
      .poll(
        async () => {
          for (let i = 0; i < 5; i++) {
            answers.push(asked());
            await new Promise((resolve) => setTimeout(resolve, 15));
          }
          return ready;
        },
        { timeout: 150_000, intervals: [0] },
      )
      .toBe(true);
    answers.push(asked());
    const late = new Promise<never>((_resolve, reject) =>
      setTimeout(() => reject(new Error("a request was never answered")), 15_000),
    );
    const seen = new Set(await Promise.race([Promise.all(answers), late]));
    expect([...seen].filter((answer) => ![200, 503, "ECONNREFUSED", "ECONNRESET"].includes(answer))).toEqual([]);
    expect(seen.has(200)).toBe(true);
  } finally {
    demo.kill("SIGINT");
  }
  expect(await exited).toBe(0);
  expect(existsSync(`${DATA}/postgres/data/postmaster.pid`)).toBe(false);
});

/** A status, or how the connection failed. No time limit: an answer that never comes is what is looked for. */
function asked(): Promise<number | string> {
  return new Promise((resolve) => {
    const request = get({ host: "127.0.0.1", port: PORT, path: "/sign-in", agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}
