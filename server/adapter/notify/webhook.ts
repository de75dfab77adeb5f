import { createHmac } from "node:crypto";
import { lookup as resolve } from "node:dns";
import http from "node:http";
import https from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { webhookUrl } from "../../core/domain/configuration.ts";
import { type Delivery, DeliveryError, type OutgoingMessage } from "../../gateway/delivery.ts";

/**
 * One POST. An address in a document must not make the gateway call what only it can reach: redirects are not followed,
 * this machine and link-local addresses (the clouds' metadata) are refused by what the name leads to at the moment of
 * the call, and nothing of the answer goes anywhere but its status.
 */

const TIMEOUT_MS = 10_000;
const ANSWER_BYTES = 64_000;

type WebhookDelivery = Extract<Delivery, { by: "webhook" }>;

export function callWebhook(delivery: WebhookDelivery, message: OutgoingMessage, now: number): Promise<void> {
  const wrong = webhookUrl(delivery.url, delivery.loopback);
  if (wrong !== null) return Promise.reject(new DeliveryError(`the webhook's address is refused: ${wrong}`, true));
  if (!URL.canParse(delivery.url)) return Promise.reject(new DeliveryError("the webhook's address is none", true));
  const url = new URL(delivery.url);
  const literal = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(literal) !== 0 && refused(literal, delivery.loopback))
    return Promise.reject(new DeliveryError("the webhook's address is refused: it is this machine or link-local", true));
  const body = JSON.stringify(delivery.format === "slack" ? slackBody(message) : jsonBody(message));
  const timestamp = String(Math.floor(now / 1_000));
  const headers: Record<string, string | number> = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "user-agent": "gatehouse",
    "x-gatehouse-delivery": message.id,
    "x-gatehouse-timestamp": timestamp,
    ...(delivery.secret === null ? {} : { "x-gatehouse-signature": signature(delivery.secret, timestamp, body) }),
  };
  return new Promise((done, fail) => {
    const failed = (why: string, final: boolean, cause?: unknown): void => {
      clearTimeout(timer);
      request.destroy();
      fail(new DeliveryError(why, final, { cause }));
    };
    const request = (url.protocol === "http:" ? http : https).request(url, {
      method: "POST",
      headers,
      agent: false,
      lookup: guardedLookup(delivery.loopback),
    });
    // For the whole of it: a receiver that sends a byte a second would else hold the replica for ever.
    const timer = setTimeout(() => failed(`the webhook did not answer in ${TIMEOUT_MS / 1_000} s`, false), TIMEOUT_MS);
    request.on("error", (error) => failed(`the webhook could not be reached: ${codeOf(error)}`, false, error));
    request.on("response", (response) => {
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > ANSWER_BYTES) failed("the webhook's answer is too long", false);
      });
      response.on("error", (error) => failed(`the webhook's answer broke off: ${codeOf(error)}`, false, error));
      response.on("end", () => {
        const status = response.statusCode ?? 0;
        if (status >= 200 && status < 300) {
          clearTimeout(timer);
          done();
        } else if (status >= 300 && status < 400) failed(`the webhook answered ${status}: redirects are not followed`, true);
        else failed(`the webhook answered ${status}`, [400, 401, 403, 404, 405, 410].includes(status));
      });
    });
    request.end(body);
  });
}

/** `v1=` and the HMAC-SHA256, in hex, of timestamp, a dot and the body. */
export function signature(secret: string, timestamp: string, body: string): string {
  return `v1=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`;
}

function jsonBody(message: OutgoingMessage) {
  return { ...message.fields, subject: message.subject, link: message.link, delivery: message.id };
}

/** As Slack and what is compatible take it. The text is not ours to trust: nothing in it may mention or link. */
function slackBody(message: OutgoingMessage) {
  const plain = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const lines = message.lines.map((line) => `> ${plain(line).replaceAll("\n", "\n> ")}`).join("\n");
  const link = message.link === null ? "" : `\n<${message.link}|Open the review>`;
  return { text: `*${plain(message.subject)}*\n${lines}${link}`, unfurl_links: false };
}

/** What the name leads to is looked at in the same step that connects to it. */
function guardedLookup(loopback: boolean): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, "", 0);
      const allowed = addresses.filter(({ address }) => !refused(address, loopback));
      const [first] = allowed;
      if (first === undefined || allowed.length < addresses.length) {
        return callback(Object.assign(new Error("refused address"), { code: "EREFUSEDADDRESS" }), "", 0);
      }
      if (options.all === true) return callback(null, allowed);
      callback(null, first.address, first.family);
    });
  };
}

const OWN = new BlockList();
OWN.addSubnet("127.0.0.0", 8, "ipv4");
OWN.addSubnet("0.0.0.0", 8, "ipv4");
OWN.addAddress("::1", "ipv6");
OWN.addAddress("::", "ipv6");
const NEVER = new BlockList();
NEVER.addSubnet("169.254.0.0", 16, "ipv4");
NEVER.addSubnet("224.0.0.0", 4, "ipv4");
NEVER.addAddress("255.255.255.255", "ipv4");
NEVER.addAddress("100.100.100.200", "ipv4");
NEVER.addAddress("fd00:ec2::254", "ipv6");
NEVER.addSubnet("fe80::", 10, "ipv6");
NEVER.addSubnet("ff00::", 8, "ipv6");

export function refused(address: string, loopback: boolean): boolean {
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  if (isIP(address) === 0 || NEVER.check(address, family)) return true;
  return !loopback && OWN.check(address, family);
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : error.message;
}
