import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { Notification } from "../../core/domain/configuration.ts";
import type { Delivery, OutgoingMessage } from "../../gateway/delivery.ts";
import { createNotifier } from "./index.ts";
import { refused, signature } from "./webhook.ts";

const notifier = createNotifier({ now: () => 1_800_000_000_000 });
const message: OutgoingMessage = {
  id: "7",
  subject: "A statement of ann@acme.test on shop waits for a review",
  lines: ["Target: shop (prod)", "select '<!channel> & <https://evil.test|click>'"],
  link: "https://gatehouse.acme.test/reviews/r1",
  fields: { event: "review.opened", review: "r1" },
};

let server: Server;
let received: { request: IncomingMessage; body: string }[] = [];
let answer: { status: number; headers?: Record<string, string>; body?: string; hang?: boolean } = { status: 204 };

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      received.push({ request, body });
      response.writeHead(answer.status, answer.headers);
      if (answer.hang !== true) response.end(answer.body);
      else response.write("…");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => new Promise((resolve) => server.close(() => resolve(undefined))));

const at = (path = "/hook") => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
const webhook = (changes: Partial<Extract<Delivery, { by: "webhook" }>> = {}): Delivery => ({
  by: "webhook",
  url: at(),
  secret: "shared",
  format: "json",
  loopback: true,
  ...changes,
});

describe("webhooks", () => {
  it("signs what it sends; a receiver can check it", async () => {
    received = [];
    answer = { status: 204 };
    await notifier.deliver(webhook(), message);
    const [{ request, body }] = received as [(typeof received)[number]];
    expect(request.method).toBe("POST");
    const timestamp = String(request.headers["x-gatehouse-timestamp"]);
    expect(timestamp).toBe("1800000000");
    expect(request.headers["x-gatehouse-signature"]).toBe(signature("shared", timestamp, body));
    expect(request.headers["x-gatehouse-signature"]).not.toBe(signature("shared", timestamp, `${body} `));
    expect(request.headers["x-gatehouse-delivery"]).toBe("7");
    expect(JSON.parse(body)).toMatchObject({ event: "review.opened", review: "r1", link: message.link });
  });

  it("Slack gets text in which nothing mentions anybody, and one link", async () => {
    received = [];
    await notifier.deliver(webhook({ format: "slack", secret: null }), message);
    const { text } = JSON.parse(received[0]?.body ?? "{}");
    expect(text).toContain("<https://gatehouse.acme.test/reviews/r1|Open the review>");
    expect(text).not.toContain("<!channel>");
    expect(text.match(/</g)).toHaveLength(1);
    expect(received[0]?.request.headers["x-gatehouse-signature"]).toBeUndefined();
  });

  it.each<[string, typeof answer, boolean, string]>([
    ["a redirect is not followed", { status: 302, headers: { location: "/other" } }, true, "redirects are not followed"],
    ["it is refused for good", { status: 410 }, true, "410"],
    ["it is busy", { status: 503 }, false, "503"],
    ["it says too much", { status: 200, body: "x".repeat(200_000) }, false, "too long"],
  ])("%s", async (_name, given, final, text) => {
    received = [];
    answer = given;
    await expect(notifier.deliver(webhook(), message)).rejects.toMatchObject({ final, message: expect.stringContaining(text) });
    expect(received).toHaveLength(1);
  });

  it.each<[string, string, boolean]>([
    ["this machine, when it is not said", "https://localhost/x", false],
    ["plain http elsewhere", "http://example.com/x", true],
    ["a user in the address", "https://user:pw@example.com/x", true],
    ["the metadata of a cloud", "https://169.254.169.254/latest", true],
    ["this machine in other clothes", "https://0x7f000001/x", false],
    ["this machine as IPv6", "https://[::ffff:127.0.0.1]/x", false],
    ["not an address", "ftp://example.com", true],
  ])("never called: %s", async (_name, url, loopback) => {
    received = [];
    await expect(notifier.deliver(webhook({ url, loopback }), message)).rejects.toMatchObject({
      message: expect.stringMatching(/refused|EREFUSEDADDRESS/),
    });
    expect(received).toHaveLength(0);
  });

  test.each([
    ["127.0.0.1", false, true],
    ["127.8.8.8", true, false],
    ["::1", false, true],
    ["::ffff:127.0.0.1", false, true],
    ["::ffff:169.254.169.254", true, true],
    ["169.254.169.254", true, true],
    ["fe80::1", true, true],
    ["10.1.2.3", false, false],
    ["203.0.113.5", false, false],
    ["nonsense", true, true],
  ])("%s, loopback %s: refused %s", (address, loopback, expected) => expect(refused(address, loopback)).toBe(expected));

  it("what is not there is tried again", async () => {
    await expect(notifier.deliver(webhook({ url: "http://127.0.0.1:9/x" }), message)).rejects.toMatchObject({ final: false });
  });
});

describe("e-mail", () => {
  const mails: { from: string; to: string[]; text: string; user: string | undefined }[] = [];
  let smtp: SMTPServer;
  let refuse = 0;
  beforeAll(async () => {
    smtp = new SMTPServer({
      disabledCommands: ["STARTTLS"],
      authOptional: true,
      onAuth: ({ username, password }, _session, done) =>
        password === "pw" ? done(null, { user: username }) : done(new Error("wrong password")),
      onRcptTo: (_address, _session, done) =>
        refuse === 0 ? done() : done(Object.assign(new Error("no"), { responseCode: refuse })),
      onData: (stream, session, done) => {
        let text = "";
        stream.on("data", (chunk) => (text += chunk));
        stream.on("end", () => {
          const { mailFrom, rcptTo } = session.envelope;
          mails.push({
            from: mailFrom === false ? "" : mailFrom.address,
            to: rcptTo.map((each) => each.address),
            text,
            user: typeof session.user === "string" ? session.user : undefined,
          });
          done();
        });
      },
    });
    await new Promise<void>((resolve) => smtp.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => new Promise((resolve) => smtp.close(() => resolve(undefined))));

  const email = (password: string | null = null, tls: "disable" | "starttls" = "disable"): Delivery => ({
    by: "email",
    email: {
      from: "gatehouse@acme.test",
      to: ["leads@acme.test", "bo@acme.test"],
      smtp: {
        host: "127.0.0.1",
        port: (smtp.server.address() as AddressInfo).port,
        tls,
        ...(password === null ? {} : { user: "gatehouse" }),
      },
    },
    password,
  });

  it("arrives, with the link", async () => {
    await notifier.deliver(email("pw"), { ...message, subject: "one\r\nBcc: evil@acme.test" });
    const [mail] = mails;
    expect(mail).toMatchObject({ from: "gatehouse@acme.test", to: ["leads@acme.test", "bo@acme.test"], user: "gatehouse" });
    expect(mail?.text).toContain("https://gatehouse.acme.test/reviews/r1");
    expect(mail?.text).toContain("Subject: one Bcc: evil@acme.test");
    expect(mail?.text).not.toMatch(/^Bcc:/m);
  });

  it.each<[string, () => Delivery, number, boolean, string]>([
    ["a server that does not offer TLS gets nothing", () => email(null, "starttls"), 0, false, "mail server"],
    ["a wrong password is tried again", () => email("wrong"), 0, false, "EAUTH"],
    ["no such mailbox is final", () => email(), 550, true, "550"],
    ["later is later", () => email(), 451, false, "451"],
  ])("%s", async (_name, delivery, code, final, text) => {
    refuse = code;
    const before = mails.length;
    await expect(notifier.deliver(delivery(), message)).rejects.toMatchObject({ final, message: expect.stringContaining(text) });
    expect(mails).toHaveLength(before);
    refuse = 0;
  });
});

test.each<[string, object, boolean]>([
  ["https", { webhook: { url: "https://hooks.acme.test/x" } }, true],
  ["an address that is a secret", { webhook: { url: { env: "SLACK_URL" }, format: "slack" } }, true],
  ["http", { webhook: { url: "http://hooks.acme.test/x" } }, false],
  ["http on this machine, when it is said", { webhook: { url: "http://localhost:9/x", loopback: true } }, true],
  ["this machine, when it is not", { webhook: { url: "https://127.0.0.1/x" } }, false],
  [
    "both ways",
    { webhook: { url: "https://a.test" }, email: { from: "a@a.test", to: ["b@a.test"], smtp: { host: "m" } } },
    false,
  ],
  ["no way", {}, false],
  ["mail in the clear", { email: { from: "a@a.test", to: ["b@a.test"], smtp: { host: "m", tls: "disable" } } }, false],
  ["a header in an address", { email: { from: "a@a.test\nBcc: c@a.test", to: ["b@a.test"], smtp: { host: "m" } } }, false],
])("a document with %s", (_name, rest, ok) => {
  expect(Notification.safeParse({ kind: "notification", id: "n", ...rest }).success).toBe(ok);
});
