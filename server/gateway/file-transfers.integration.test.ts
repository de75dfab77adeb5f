import { mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestGateway } from "../../test/fixtures/gateway.ts";
import type { FileAnswer, FileBody } from "../contract/http.ts";
import { type DemoHost, startDemoHost } from "../demo/ssh-host.ts";
import { principalOf } from "./principal-of.ts";
import type { OpenShellSession } from "./sessions.ts";

/** Files of a real host over SFTP, judged by path. */

const CONFIGURATION = `
kind: policy
id: work
effect: permit
principals: { groups: [engineers] }
actions: ["target:connect", "shell:exec", "file:read"]
---
kind: policy
id: own-files
effect: permit
principals: { groups: [engineers] }
actions: ["file:write"]
resources: { paths: ["**/work/**"] }
---
kind: policy
id: configuration-is-reviewed
effect: review
principals: { groups: [engineers] }
actions: ["file:write"]
resources: { paths: ["**/config/**"] }
obligations: { reviewers: { groups: [leads] } }
---
kind: policy
id: no-secrets
effect: forbid
principals: { everyone: true }
actions: ["file:read", "file:write"]
resources: { paths: ["**/.env", "**/secret", "**/secret/**"] }
`;
const engineer = { email: "engineer@acme.test", name: "Engineer", groups: ["engineers"] };
const lead = { email: "reviewer@acme.test", name: "Lead", groups: ["leads"] };
let guarded: Awaited<ReturnType<typeof startTestGateway>>;
let host: DemoHost;
let session: OpenShellSession;
let home = "";

beforeAll(async () => {
  guarded = await startTestGateway({ shop: "SELECT 1", configuration: CONFIGURATION });
  host = await startDemoHost({ folder: guarded.folder, log: () => undefined });
  home = host.home;
  process.env.TEST_FILES_KEY = await readFile(host.privateKeyFile, "utf8");
  const ssh = { host: host.host, port: host.port, user: host.user, hostKey: host.hostKey, privateKey: { env: "TEST_FILES_KEY" } };
  const target = {
    kind: "target",
    id: "web-1",
    type: "ssh",
    environment: "dev",
    labels: { "gatehouse.path": host.programs },
    ssh,
  };
  await guarded.gateway.context.configuration.apply(JSON.stringify(target), "test");
  session = await guarded.gateway.sessions.openShell(engineer, "web-1");
  await run(
    "mkdir -m 755 work work/sub config; mkdir -m 755 secret; echo hidden > secret/key; echo 'PASS=1' > work/.env; chmod 644 work/.env secret/key",
  );
});
afterAll(async () => {
  await session?.close("done");
  delete process.env.TEST_FILES_KEY;
  await host?.stop();
  await guarded?.stop();
});

const verbs = () => guarded.gateway.verbs;
const as = (person: typeof engineer) => principalOf(person, guarded.gateway.context.configuration.set);
const me = () => as(engineer);
const ask = (path: string, act: FileBody["act"], more: Partial<FileBody> = {}) =>
  verbs().askFile(me(), session.id, { path, act, ...more });
const bytes = (text: string) => new TextEncoder().encode(text);

/** As the account itself, past Gatehouse. */
async function run(script: string): Promise<void> {
  await guarded.gateway.context.configuration.apply(
    "kind: policy\nid: setup\neffect: permit\nprincipals: { everyone: true }\nactions: ['shell:exec', 'file:*', 'shell:opaque']\n",
    "test",
  );
  for (const line of script.split(";")) {
    const where = { cwd: session.connection.home, home: session.connection.home, user: session.connection.user, environment: {} };
    const submitted = await session.judge.submit(line.trim(), where, {
      waitForReview: false,
      onReview: () => undefined,
      signal: new AbortController().signal,
      reason: "",
    });
    if (!submitted.allowed) {
      // What is forbidden to everybody is made on the machine itself.
      await onMachine(line.trim());
      continue;
    }
    const program = await session.connection.run(
      submitted.command,
      { cwd: session.connection.home, environment: {}, columns: 80, rows: 24, interactive: false, pty: false },
      { output: () => undefined },
    );
    await program.end;
    await submitted.executed({ exitCode: 0, durationMs: 0, bytes: 0 });
  }
  await guarded.gateway.context.configuration.remove("policy", "setup", "test");
}

async function onMachine(line: string): Promise<void> {
  const words = line.split(" ");
  if (words[0] === "mkdir")
    for (const folder of words.slice(3)) await mkdir(join(home, folder), { recursive: true, mode: 0o777 });
  else if (words[0] === "echo") await writeFile(join(home, words.at(-1) ?? ""), `${words[1]?.replaceAll("'", "")}\n`);
}

async function download(path: string, from = 0): Promise<string> {
  const answer = await ask(path, { way: "download" });
  if (answer.state !== "ticket") throw new Error(JSON.stringify(answer));
  const parts: Uint8Array[] = [];
  const { bytes } = await verbs().fileContent(me(), answer.ticket, { from, version: null });
  for await (const part of bytes) parts.push(part);
  return Buffer.concat(parts).toString();
}

const WHOLE = { from: 0, version: null };

async function ticketFor(path: string): Promise<string> {
  const answer = await ask(path, { way: "download" });
  if (answer.state !== "ticket") throw new Error(JSON.stringify(answer));
  return answer.ticket;
}

/** So many bytes, then the browser goes away. */
async function cutOff(ticket: string, from: number, most: number) {
  const { bytes, ...content } = await verbs().fileContent(me(), ticket, { from, version: null });
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of bytes) {
    parts.push(part);
    size += part.length;
    if (size >= most) break;
  }
  return { ...content, text: Buffer.concat(parts).toString("latin1").slice(0, most) };
}

async function uploaded(path: string, text: string): Promise<void> {
  const content = bytes(text);
  const answer = await ask(path, { way: "upload", size: content.length });
  if (answer.state !== "ticket") throw new Error(JSON.stringify(answer));
  let at = 0;
  for (;;) {
    const next = await verbs().putFile(me(), answer.ticket, at, content.subarray(at, at + 100_000));
    at = next.at;
    if (next.done) return;
  }
}

function text(answer: FileAnswer) {
  if (answer.state !== "text") throw new Error(JSON.stringify(answer));
  return answer;
}

describe("download", () => {
  test("is masked, whole, and can begin later", async () => {
    const log = await readFile(join(home, "shop-api/logs/app.log"), "utf8");
    expect(log).toMatch(/email=\w/);
    const shown = await download("~/shop-api/logs/app.log".replace("~", home));
    expect(shown).not.toMatch(/email=\w/);
    expect(shown.split("\n").length).toBeGreaterThanOrEqual(log.split("\n").length);
    expect(await download(join(home, "shop-api/logs/app.log"), 1_000)).toMatch(
      new RegExp(`^${escaped(shown.slice(1_000, 1_100))}`),
    );
  });

  test("what is forbidden is denied by its name, through a link, through `..` and through a folder's link", async () => {
    await symlink(join(home, "work/.env"), join(home, "work/innocent"));
    await symlink(join(home, "secret"), join(home, "work/folder"));
    for (const path of ["work/.env", "work/innocent", "work/sub/../.env", "work/folder/key", "secret/key", "./secret//key"])
      await expect(ask(join(home, "x").replace(/x$/, path), { way: "download" }), path).rejects.toMatchObject({
        code: "forbidden",
        message: expect.stringContaining("no-secrets"),
      });
    const denied = await guarded.store.query(
      "SELECT statement FROM audit_event WHERE type = 'statement.decided' AND outcome = 'deny'",
    );
    expect(denied.rows.map((row) => row.statement)).toContain(`download ${join(home, "work/innocent")}`);
  });

  test("folders, what is not there, and names that are none are said", async () => {
    await expect(ask(join(home, "work"), { way: "download" })).rejects.toMatchObject({ code: "invalid" });
    await expect(ask(join(home, "nothing"), { way: "download" })).rejects.toMatchObject({ code: "not-found" });
    await expect(ask("work/x", { way: "download" })).rejects.toMatchObject({ code: "invalid" });
    await expect(ask("/a\u0000b", { way: "download" })).rejects.toMatchObject({ code: "invalid" });
  });

  test("a ticket is one's own, and ends with the terminal", async () => {
    const answer = await ask(join(home, "shop-api/README"), { way: "download" });
    if (answer.state !== "ticket") throw new Error("no ticket");
    await expect(verbs().fileContent(as(lead), answer.ticket, WHOLE)).rejects.toThrow("ask for the file again");
    await expect(
      verbs().askFile(as(lead), session.id, { path: "/etc/hostname", act: { way: "download" } }),
    ).rejects.toMatchObject({
      code: "not-found",
    });
    const other = await guarded.gateway.sessions.openShell(engineer, "web-1");
    const theirs = await verbs().askFile(me(), other.id, { path: join(home, "shop-api/README"), act: { way: "download" } });
    await other.close("done");
    if (theirs.state !== "ticket") throw new Error("no ticket");
    await expect(verbs().fileContent(me(), theirs.ticket, WHOLE)).rejects.toThrow("ask for the file again");
  });

  test("P5 a ticket is for one reading", async () => {
    const answer = await ask(join(home, "shop-api/README"), { way: "download" });
    if (answer.state !== "ticket") throw new Error("no ticket");
    for await (const _part of (await verbs().fileContent(me(), answer.ticket, WHOLE)).bytes);
    await expect(verbs().fileContent(me(), answer.ticket, WHOLE)).rejects.toThrow("ask for the file again");
  });

  test("P6 ends when policy no longer allows it", async () => {
    await uploaded(join(home, "work/large"), "some line of text\n".repeat(200_000));
    const answer = await ask(join(home, "work/large"), { way: "download" });
    if (answer.state !== "ticket") throw new Error("no ticket");
    let read = 0;
    const reading = (async () => {
      for await (const part of (await verbs().fileContent(me(), answer.ticket, WHOLE)).bytes) {
        if (read === 0)
          await guarded.gateway.context.configuration.apply(
            "kind: policy\nid: no-large\neffect: forbid\nprincipals: { everyone: true }\nactions: ['file:read']\nresources: { paths: ['**/large'] }\n",
            "test",
          );
        read += part.length;
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: "forbidden" });
    expect(read).toBeLessThan(3_600_000);
    await guarded.gateway.context.configuration.remove("policy", "no-large", "test");
  });
});

describe("the rest of a download that was cut off", () => {
  const people = Array.from({ length: 20_000 }, (_, i) => `${i} jörg.müller${i}@exämple.de ann.smith${i}@example.com ü`).join(
    "\n",
  );
  const key = `-----BEGIN PRIVATE KEY-----\n${"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\n".repeat(3_000)}-----END PRIVATE KEY-----\n`;

  test.each([
    ["people", people],
    ["a private key of many parts", key],
  ] as const)("is what would have come: %s", async (name, content) => {
    const path = join(home, `work/rest-${name.length}`);
    await uploaded(path, content);
    const whole = await cutOff(await ticketFor(path), 0, Number.POSITIVE_INFINITY);
    expect(whole.text).not.toMatch(/smith|MIIEvQ/);
    expect(whole.size).toBe(Buffer.byteLength(content));
    expect(whole.text.length).toBe(whole.size);
    for (const at of [1, 33, 32_000, 70_001, Buffer.byteLength(content) - 2]) {
      const ticket = await ticketFor(path);
      const first = await cutOff(ticket, 0, at);
      expect(first.text).toBe(whole.text.slice(0, first.text.length));
      const rest = await cutOff(ticket, at, Number.POSITIVE_INFINITY);
      expect(rest).toMatchObject({ from: at, version: whole.version });
      expect(first.text.slice(0, at) + rest.text, `at ${at}`).toBe(whole.text);
      await expect(verbs().fileContent(me(), ticket, WHOLE)).rejects.toThrow("ask for the file again");
    }
  });

  test("is not of another file: changed meanwhile, it is refused; with a new ticket too", async () => {
    const path = join(home, "work/changes");
    await uploaded(path, "line\n".repeat(40_000));
    const ticket = await ticketFor(path);
    const { version } = await cutOff(ticket, 0, 10);
    await uploaded(path, "other\n".repeat(40_000));
    await expect(verbs().fileContent(me(), ticket, { from: 10, version: null })).rejects.toMatchObject({ code: "conflict" });
    const again = await ticketFor(path);
    await expect(verbs().fileContent(me(), again, { from: 10, version })).rejects.toMatchObject({ code: "conflict" });
    await expect(verbs().fileContent(me(), again, { from: 10_000_000, version: null })).rejects.toMatchObject({
      code: "invalid",
    });
  });

  test("is not given when policy no longer allows it", async () => {
    const path = join(home, "work/forbidden-later");
    await uploaded(path, "line\n".repeat(40_000));
    const ticket = await ticketFor(path);
    await cutOff(ticket, 0, 10);
    await guarded.gateway.context.configuration.apply(
      "kind: policy\nid: later\neffect: forbid\nprincipals: { everyone: true }\nactions: ['file:read']\nresources: { paths: ['**/forbidden-later'] }\n",
      "test",
    );
    await expect(verbs().fileContent(me(), ticket, { from: 10, version: null })).rejects.toMatchObject({ code: "forbidden" });
    await guarded.gateway.context.configuration.remove("policy", "later", "test");
  });

  test("of two readings at once the first ends", async () => {
    const path = join(home, "work/two");
    await uploaded(path, "line\n".repeat(200_000));
    const ticket = await ticketFor(path);
    const first = await verbs().fileContent(me(), ticket, WHOLE);
    const parts = first.bytes[Symbol.asyncIterator]();
    expect((await parts.next()).done).toBe(false);
    const second = await cutOff(ticket, 5, Number.POSITIVE_INFINITY);
    expect(second.text.length).toBe(1_000_000 - 5);
    while (!(await parts.next()).done);
    await expect(verbs().fileContent(me(), ticket, WHOLE)).rejects.toThrow("ask for the file again");
  });

  test("what the host makes up when it is read comes whole", async () => {
    expect(await download("/proc/self/limits")).toContain("Max open files");
  });
});

describe("a file that is no text", () => {
  const write = (name: string, content: Uint8Array) => writeFile(join(home, "work", name), content);

  test.each([
    ["a secret after a NUL", Buffer.from("\0ann.smith@example.com\n")],
    ["a secret after bytes that are no letter", Buffer.from([0xff, ...Buffer.from("ann.smith@example.com\n")])],
    ["an overlong slash", Buffer.from([0xc0, 0xaf, ...Buffer.from("ann.smith@example.com\n")])],
    ["half a pair", Buffer.from([0xed, 0xa0, 0x80, ...Buffer.from("ann.smith@example.com\n")])],
    ["letters of another time", Buffer.from("f\xfcr ann.smith@example.com\n", "latin1")],
  ])("is not given to who may only read: %s", async (_name, content) => {
    await write("blob", content);
    await expect(ask(join(home, "work/blob"), { way: "download" })).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringMatching(/is no text, so nothing in it could be masked: no policy permits .*file:raw/),
    });
    await expect(ask(join(home, "work/blob"), { way: "open" })).rejects.toMatchObject({ code: "invalid" });
  });

  test("is masked where it only ends so", async () => {
    await write("late", Buffer.concat([Buffer.alloc(70_000, "text\n"), Buffer.from("\0ann.smith@example.com\n\xff", "latin1")]));
    const shown = await download(join(home, "work/late"));
    expect(shown).not.toContain("smith");
    // A letter that is cut at the end of the first part is no reason.
    await write("cut", Buffer.from(`${"a".repeat(63_999)}ä ann.smith@example.com\n`));
    expect(await download(join(home, "work/cut"))).not.toContain("smith");
  });

  test("is given as it is where policy names that, byte for byte, and goes on where it was cut off", async () => {
    const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8)) % 256));
    await write("image.bin", content);
    await write("plain.txt", Buffer.from("ann.smith@example.com\n"));
    const glob = "kind: policy\nid: raw\neffect: permit\nprincipals: { groups: [engineers] }\nactions: ['file:*']\n";
    await guarded.gateway.context.configuration.apply(glob, "test");
    await expect(ask(join(home, "work/image.bin"), { way: "download" })).rejects.toMatchObject({ code: "forbidden" });
    await guarded.gateway.context.configuration.apply(
      glob.replace("'file:*'", "'file:raw'").concat("resources: { paths: ['**/work/**'] }\n"),
      "test",
    );
    const ticket = await ticketFor(join(home, "work/image.bin"));
    const first = await cutOff(ticket, 0, 40_000);
    const rest = await cutOff(ticket, 40_000, Number.POSITIVE_INFINITY);
    expect(Buffer.from(first.text + rest.text, "latin1").equals(content)).toBe(true);
    // Text stays masked.
    expect(await download(join(home, "work/plain.txt"))).not.toContain("smith");
    // What became text meanwhile is not given out by the ticket of what was none.
    await write("turns", Buffer.from("\0binary"));
    const turned = await ticketFor(join(home, "work/turns"));
    await write("turns", Buffer.from("ann.smith@example.com\n"));
    await expect(cutOff(turned, 0, 100)).rejects.toMatchObject({ code: "conflict" });
    const recorded = await guarded.store.query(
      "SELECT payload FROM audit_event WHERE statement LIKE 'download %image.bin as it is'",
    );
    expect(recorded.rows.at(-1).payload).toContain("file:raw");
    await guarded.gateway.context.configuration.remove("policy", "raw", "test");
  });
});

describe("an upload that is cut off", () => {
  const left = async () => (await readdir(join(home, "work"))).filter((name) => name.startsWith(".gatehouse"));

  test("leaves nothing when its terminal ends, and is on the record as given up", async () => {
    const other = await guarded.gateway.sessions.openShell(engineer, "web-1");
    const path = join(home, "work/half");
    const answer = await verbs().askFile(me(), other.id, { path, act: { way: "upload", size: 10 } });
    if (answer.state !== "ticket") throw new Error("no ticket");
    await verbs().putFile(me(), answer.ticket, 0, bytes("abc"));
    expect(await left()).toHaveLength(1);
    // It goes on as long as the terminal is there.
    await verbs().putFile(me(), answer.ticket, 3, bytes("def"));
    await other.close("done");
    expect(await left()).toEqual([]);
    await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
    const recorded = await guarded.store.query(
      "SELECT payload FROM audit_event WHERE type = 'statement.executed' AND payload LIKE $1",
      [`%${other.id}%`],
    );
    expect(recorded.rows.map(({ payload }) => JSON.parse(payload).body)).toMatchObject([{ ended: "cancelled", bytes: 6 }]);
  });

  test("what one has left with a lost host is taken away by the next to the folder, a day later", async () => {
    const names = [
      ".gatehouse-0123456789abcdef",
      ".gatehouse-0000000000000000",
      ".gatehouse-mine",
      ".gatehouse-0123456789abcdef.txt",
    ];
    const day = Date.now() / 1_000 - 86_500;
    for (const name of names) await writeFile(join(home, "work", name), "x");
    for (const name of names.filter((each) => !each.includes("0000"))) await utimes(join(home, "work", name), day, day);
    await uploaded(join(home, "work/next"), "x");
    expect((await left()).sort()).toEqual([names[1], names[3], names[2]].sort());
    for (const name of names) await rm(join(home, "work", name), { force: true });
  });
});

describe("upload", () => {
  test("comes in parts, keeps the mode of what it replaces, and leaves nothing beside it", async () => {
    const path = join(home, "work/up.txt");
    await uploaded(path, "x".repeat(350_000));
    expect((await readFile(path, "utf8")).length).toBe(350_000);
    await uploaded(path, "");
    expect(await readFile(path, "utf8")).toBe("");
    const before = (await stat(path)).mode;
    await uploaded(path, "second");
    expect((await stat(path)).mode).toBe(before);
    expect((await readdir(join(home, "work"))).filter((name) => name.startsWith(".gatehouse"))).toEqual([]);
  });

  test("a part that comes twice or too early is not written; more than was announced is refused", async () => {
    const answer = await ask(join(home, "work/parts"), { way: "upload", size: 6 });
    if (answer.state !== "ticket") throw new Error("no ticket");
    const put = (offset: number, part: string) => verbs().putFile(me(), answer.ticket, offset, bytes(part));
    expect(await put(3, "def")).toEqual({ at: 0, done: false });
    expect(await put(0, "abc")).toEqual({ at: 3, done: false });
    expect(await put(0, "abc")).toEqual({ at: 3, done: false });
    await expect(put(3, "defg")).rejects.toMatchObject({ code: "invalid" });
    expect(await put(3, "def")).toEqual({ at: 6, done: true });
    expect(await readFile(join(home, "work/parts"), "utf8")).toBe("abcdef");
  });

  test("the same part sent twice at once is written once; what the host refuses is said", async () => {
    const answer = await ask(join(home, "work/twice"), { way: "upload", size: 6 });
    if (answer.state !== "ticket") throw new Error("no ticket");
    const put = (offset: number, part: string) => verbs().putFile(me(), answer.ticket, offset, bytes(part));
    await Promise.all([put(0, "abc"), put(0, "abc"), put(0, "abc")]);
    expect(await put(3, "def")).toEqual({ at: 6, done: true });
    expect(await readFile(join(home, "work/twice"), "utf8")).toBe("abcdef");
    expect((await readdir(join(home, "work"))).filter((name) => name.startsWith(".gatehouse"))).toEqual([]);
    await mkdir(join(home, "work/root"), { mode: 0o755 });
    const closed = await ask(join(home, "work/root/x"), { way: "upload", size: 1 });
    if (closed.state !== "ticket") throw new Error("no ticket");
    await expect(verbs().putFile(me(), closed.ticket, 0, bytes("x"))).rejects.toMatchObject({ code: "conflict" });
  });

  test("where policy lets nobody write, or a link leads there, is denied", async () => {
    for (const path of ["elsewhere.txt", "work/innocent", "work/folder/new", "secret/new", "work/../top"])
      await expect(ask(`${home}/${path}`, { way: "upload", size: 1 }), path).rejects.toMatchObject({ code: "forbidden" });
    await expect(ask(`${home}/no/such/folder/x`, { way: "upload", size: 1 })).rejects.toMatchObject({ code: "not-found" });
    await expect(ask(join(home, "work/x"), { way: "upload", size: 2_000_000_000 })).rejects.toMatchObject({ code: "invalid" });
  });
});

describe("the editor", () => {
  test("saves what it opened, not over what others have changed", async () => {
    const path = join(home, "work/notes.txt");
    await uploaded(path, "one\ntwo\n");
    const opened = text(await ask(path, { way: "open" }));
    expect(opened).toMatchObject({ text: "one\ntwo\n", masked: false, mayWrite: "allow" });
    const saved = await ask(path, { way: "save", text: "one\n2\n", digest: opened.digest });
    expect(saved.state).toBe("saved");
    expect(await readFile(path, "utf8")).toBe("one\n2\n");
    await expect(ask(path, { way: "save", text: "mine\n", digest: opened.digest })).rejects.toMatchObject({ code: "conflict" });
    const recorded = await guarded.store.query("SELECT statement FROM audit_event WHERE statement LIKE 'save %notes.txt%'");
    expect(recorded.rows[0].statement).toMatch(/\n-two\n\+2\n/);
  });

  test("a text with something masked is shown masked and cannot be saved", async () => {
    const path = join(home, "work/people.txt");
    await uploaded(path, "ann.smith@example.com\n");
    const opened = text(await ask(path, { way: "open" }));
    expect(opened.masked).toBe(true);
    expect(opened.text).not.toContain("smith");
    await expect(ask(path, { way: "save", text: opened.text, digest: opened.digest })).rejects.toMatchObject({
      code: "forbidden",
    });
    expect(await readFile(path, "utf8")).toBe("ann.smith@example.com\n");
  });

  test("what is no text, or too long, is not opened", async () => {
    await uploaded(join(home, "work/binary"), "a\u0000b");
    await uploaded(join(home, "work/long"), "line\n".repeat(300_000));
    await expect(ask(join(home, "work/binary"), { way: "open" })).rejects.toMatchObject({ code: "invalid" });
    await expect(ask(join(home, "work/long"), { way: "open" })).rejects.toMatchObject({ code: "invalid" });
  });

  test("P5 what has to be reviewed is not uploaded, where nobody would see what it is", async () => {
    await expect(ask(join(home, "config/app.conf"), { way: "upload", size: 3 })).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("configuration-is-reviewed"),
    });
  });

  test("P5 a reviewed change is that difference, over that text, once", async () => {
    const path = join(home, "config/app.conf");
    const first = await ask(path, { way: "save", text: "level=info\n", digest: guarded.gateway.context.sha256("") });
    if (first.state !== "review") throw new Error("no review");
    expect((await guarded.gateway.reviews.find(first.review)).statement).toMatch(/^save .*app\.conf\n.*\n\+level=info\n/s);
    const digest = guarded.gateway.context.sha256("");
    // Before the yes it is no use, nor for another text after it.
    expect((await ask(path, { way: "save", text: "level=info\n", digest }, { review: first.review })).state).toBe("review");
    await verbs().answerReview(as(lead), first.review, { verdict: "approve", comment: "", minutes: null, hold: null });
    expect((await ask(path, { way: "save", text: "level=debug\n", digest }, { review: first.review })).state).toBe("review");
    expect((await ask(path, { way: "save", text: "level=info\n", digest }, { review: first.review })).state).toBe("saved");
    expect(await readFile(path, "utf8")).toBe("level=info\n");
    await expect(ask(path, { way: "save", text: "level=info\n", digest }, { review: first.review })).rejects.toMatchObject({
      code: "conflict",
    });
  });
});

test("a folder is listed for who may list it", async () => {
  const list = await verbs().files(me(), session.id, join(home, "work/sub/.."));
  expect(list.path).toBe(join(home, "work"));
  expect(list.entries[0]).toMatchObject({ kind: "folder" });
  expect(list.entries.find(({ name }) => name === "up.txt")).toMatchObject({ kind: "file", size: 6 });
  await expect(verbs().files(me(), session.id, join(home, "secret"))).rejects.toMatchObject({ code: "forbidden" });
  await expect(verbs().files(as(lead), session.id, home)).rejects.toMatchObject({ code: "not-found" });
});

function escaped(literal: string): string {
  return literal.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
