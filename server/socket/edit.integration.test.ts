import { execFileSync } from "node:child_process";
import { symlink, truncate, writeFile } from "node:fs/promises";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTab, signIn, startDoor } from "../../test/fixtures/browser.ts";
import { startTestGateway } from "../../test/fixtures/gateway.ts";
import { startHost } from "../../test/fixtures/host.ts";
import type { FileAnswer } from "../contract/http.ts";
import type { DemoHost } from "../demo/ssh-host.ts";
import { principalOf } from "../gateway/principal-of.ts";

/** `edit FILE`, in a terminal on a real host. */

const CONFIGURATION = `
kind: policy
id: all
effect: permit
principals: { everyone: true }
actions: ["target:connect", "shell:exec", "file:read"]
---
kind: policy
id: opaque-waits
effect: review
principals: { everyone: true }
actions: ["shell:opaque", "shell:interactive", "file:write"]
---
kind: policy
id: keys-are-looked-at
effect: review
principals: { everyone: true }
actions: ["file:read"]
resources: { paths: ["**/reviewed.txt"] }
---
kind: policy
id: no-secrets
effect: forbid
principals: { everyone: true }
actions: ["file:read"]
resources: { paths: ["**/.env"] }
`;
let guarded: Awaited<ReturnType<typeof startTestGateway>>;
let host: DemoHost;
let door: Awaited<ReturnType<typeof startDoor>>;
let page: Awaited<ReturnType<typeof openTab>>;

beforeAll(async () => {
  guarded = await startTestGateway({ shop: "SELECT 1", configuration: CONFIGURATION });
  const started = await startHost(guarded.folder, "web-1");
  host = started.host;
  await guarded.gateway.context.configuration.apply(started.target, "test");
  door = await startDoor(guarded.gateway);
}, 60_000);
afterAll(async () => {
  page?.socket.terminate();
  door?.stop();
  await host?.stop();
  await guarded?.stop();
});

const here = (file: string) => `${host.home}/shop-api/${file}`;
const since = (from: number) => stripVTControlCharacters(page.shown().slice(from));
async function decided(text: string): Promise<readonly string[]> {
  const found = await guarded.store.query(
    "SELECT payload FROM audit_event WHERE type = 'statement.decided' AND payload LIKE $1 ORDER BY at, seq",
    [`%${text}%`],
  );
  return found.rows.map((row) => JSON.parse(row.payload).body.outcome);
}
/** As the browser asks when it is told to open one. */
function opened(path: string): Promise<FileAnswer> {
  const person = { email: "engineer@acme.test", name: "", groups: [] };
  const principal = principalOf(person, guarded.gateway.context.configuration.set);
  return guarded.gateway.verbs.askFile(principal, page.session, { path, act: { way: "open" } });
}

describe("SG-43 edit FILE", () => {
  test("is in the help", async () => {
    page = await openTab(door.url, await signIn(guarded.gateway), "edit");
    await page.line("help", /edit FILE/);
    await page.line("cd shop-api", /shop-api/);
  });

  test.each([
    ["edit logs/app.log", "logs/app.log"],
    ["edit ./logs/../logs/app.log", "logs/app.log"],
    ["edit ~/shop-api/logs/app.log", "logs/app.log"],
    ["edit 'logs/app.log'", "logs/app.log"],
  ])("%s is opened in the browser, by its absolute path; nothing runs on the host", async (line, file) => {
    const before = page.found("terminal.edit");
    await page.line(line, /is opened beside the terminal/);
    expect(page.found("terminal.edit")).toEqual({ type: "terminal.edit", session: page.session, path: here(file) });
    expect(page.found("terminal.edit")).not.toBe(before);
    expect(page.found("terminal.block")?.block).toMatchObject({ line, outcome: "builtin", ended: { exitCode: 0 } });
    expect(await decided(line)).toEqual([]);
  });

  test("what is opened is masked, and on the record as a file that was read", async () => {
    const answer = await opened(here("logs/app.log"));
    expect(answer).toMatchObject({ state: "text", masked: true, mayWrite: "review" });
    expect(answer.state === "text" && answer.text).not.toMatch(/[a-z]@[a-z]+\.com/);
    expect(await decided("open /")).toContain("allow");
  });

  test("a file that may not be read is denied in the terminal, on the record, and nothing is opened", async () => {
    await page.line("edit README", /opened/);
    const from = page.shown().length;
    await page.line("edit .env", /no-secrets/);
    expect(since(from)).not.toContain("opened beside");
    expect(page.found("terminal.edit")?.path).toBe(here("README"));
    expect(page.found("terminal.state")).toMatchObject({ exitCode: 126 });
    expect(await decided('"edit .env"')).toEqual(["deny"]);
  });

  test.each(["edit", "edit a b", 'edit ""', "edit $HOME/x", "edit *.log", "edit x; id", "edit x > y", "sudo edit x"])(
    "%s opens nothing",
    async (line) => {
      const before = page.found("terminal.edit");
      page.keys(`${line}\r`);
      await expect.poll(() => page.found("terminal.block")?.block, { timeout: 5_000 }).toMatchObject({ line });
      await new Promise((resolve) => setTimeout(resolve, 300));
      page.keys("\x03");
      await expect.poll(() => page.found("terminal.block")?.block.ended, { timeout: 5_000 }).not.toBeNull();
      expect(page.found("terminal.edit")).toEqual(before);
    },
  );

  test("no way round: links, pipes, devices, what the system makes up, what is too large or no text", async () => {
    await symlink(here(".env"), here("innocent"));
    execFileSync("mkfifo", ["-m", "666", here("pipe")]);
    await writeFile(here("huge"), "");
    await truncate(here("huge"), 30_000_000_000);
    await writeFile(here("binary"), Buffer.from([0, 1, 2, 0xff]));
    for (const [path, why] of [
      [here("innocent"), /no-secrets/],
      [here("logs/../.env"), /no-secrets/],
      [`/proc/self/root${here(".env")}`, /no-secrets|there is no|no folder/],
      [`/proc/self/cwd/../${here(".env")}`, /no-secrets|there is no|no folder/],
      [here("pipe"), /is no file/],
      ["/dev/zero", /is no file/],
      ["/proc/self/mem", /./],
      ["/proc/kcore", /./],
      [here("huge"), /up to 1000|too long/],
      [here("binary"), /is no text/],
      [here(""), /is no file/],
    ] as const) {
      const began = performance.now();
      await expect(opened(path), path).rejects.toThrow(why);
      expect(performance.now() - began, path).toBeLessThan(3_000);
    }
  });

  test("one that is reviewed waits where it is opened, once", async () => {
    await writeFile(here("reviewed.txt"), "seen by two\n");
    await page.line("edit reviewed.txt", /opened beside/);
    expect(await opened(here("reviewed.txt"))).toMatchObject({ state: "review" });
    const open = await guarded.store.query(
      "SELECT body->>'statement' AS statement FROM review WHERE state = 'open' AND body->>'statement' LIKE '%reviewed.txt'",
    );
    expect(open.rows).toEqual([{ statement: `open ${here("reviewed.txt")}` }]);
  });
});

describe("an editor that would wait", () => {
  const typed = async (line: string) => {
    page.keys(line);
    await expect.poll(() => page.found("terminal.verdict"), { timeout: 5_000 }).toMatchObject({ text: line });
    const { instead, decision } = page.found("terminal.verdict") ?? {};
    page.keys("\x03");
    await expect.poll(() => page.found("terminal.state")?.exitCode, { timeout: 5_000 }).toBe(130);
    return { instead, outcome: decision?.outcome };
  };

  test.each([
    "vim logs/app.log",
    "vi -R logs/app.log",
    "view +12 logs/app.log",
    "nano ~/shop-api/logs/app.log",
    "emacs logs/app.log",
  ])("%s: `edit` is offered", async (line) => {
    const file = line.slice(line.lastIndexOf(" ") + 1);
    expect(await typed(line)).toEqual({ instead: { do: "edit", line: `edit ${file}` }, outcome: "review" });
  });

  test.each(["vim .env", "vim reviewed.txt", "vim", "vim -c ':!sh' x", "vim logs/app.log; id", "vim $X", "cat logs/app.log"])(
    "%s: it is not",
    async (line) => expect((await typed(line)).instead ?? null).toBeNull(),
  );

  test("and while it waits it is said in the terminal, too; given up and edited with two keys' worth of text", async () => {
    const from = page.shown().length;
    page.keys("vim logs/app.log\r");
    await expect.poll(() => since(from), { timeout: 5_000 }).toContain("`edit logs/app.log` opens it at once");
    expect(page.found("terminal.verdict")).toMatchObject({ instead: { do: "edit", line: "edit logs/app.log" } });
    page.keys("\x03");
    page.keys("edit logs/app.log\r");
    await expect.poll(() => since(from), { timeout: 5_000 }).toContain("is opened beside the terminal");
  });
});
