/** Personal data and secrets that belong to nobody: reserved domains, test card numbers, documentation addresses. */

const PEOPLE = [
  ["Ada Lovelace", "ada.lovelace@example.test", "4111-1111-1111-1111", "+44 20 7946 0018"],
  ["Grace Hopper", "grace.hopper@example.test", "5555-5555-5555-4444", "+1 202-555-0143"],
  ["Alan Turing", "alan.turing@example.test", "4012-8888-8888-1881", "+44 161 496 0123"],
  ["Edsger Dijkstra", "edsger@example.test", "3782-822463-10005", "+1 512-555-0177"],
  ["Barbara Liskov", "liskov@example.test", "6011-1111-1111-1117", "+1 617-555-0109"],
] as const;

/** Seconds since the epoch of the first line: 2026-01-05T08:00:00Z. Fixed, so that every demo shows the same. */
const START = 1_767_600_000;

export function applicationLog(lines: number): string {
  const chance = sequence(7);
  const text: string[] = [];
  for (let line = 0; line < lines; line++) {
    const at = stamp(START + line * 13);
    const [name, email, card, phone] = PEOPLE[chance(PEOPLE.length)] ?? PEOPLE[0];
    const order = 40_000 + line;
    const kind = chance(20);
    if (kind < 12) text.push(`${at} level=info msg="order placed" order=${order} email=${email} total=${chance(20_000) / 100}`);
    else if (kind < 15) text.push(`${at} level=info msg="login" user="${name}" email=${email} ip=203.0.113.${chance(250)}`);
    else if (kind < 17)
      text.push(
        `${at} level=warn msg="slow query" ms=${400 + chance(3_000)} query="select * from orders where email = '${email}'"`,
      );
    else if (kind === 17) text.push(`${at} level=error msg="payment declined" order=${order} card=${card} phone="${phone}"`);
    else if (kind === 18) text.push(`${at} level=debug msg="outgoing call" Authorization: Bearer ${token(chance)}`);
    else text.push(`${at} level=error msg="connection refused" upstream=postgres://shop:${"hunter" + "2"}@127.0.0.1:5432/shop`);
  }
  return `${text.join("\n")}\n`;
}

export function accessLog(lines: number): string {
  const chance = sequence(11);
  const paths = ["/", "/cart", "/orders", "/api/orders", "/api/customers", "/health", "/login"];
  const text: string[] = [];
  for (let line = 0; line < lines; line++) {
    const status = [200, 200, 200, 200, 304, 404, 500][chance(7)];
    const [, email] = PEOPLE[chance(PEOPLE.length)] ?? PEOPLE[0];
    const query = chance(10) === 0 ? `?email=${email}` : "";
    text.push(
      `198.51.100.${chance(250)} - - [${stamp(START + line * 5)}] "GET ${paths[chance(7)]}${query} HTTP/1.1" ${status} ${chance(9_000)}`,
    );
  }
  return `${text.join("\n")}\n`;
}

export const SECRETS = [
  "DATABASE_URL=postgres://shop:correct-horse-battery@127.0.0.1:5432/shop",
  `STRIPE_KEY=${"sk_" + "live_"}51MadeUpMadeUpMadeUpMadeUp`,
  "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE",
  "SESSION_SECRET=nobody-should-read-this",
  "",
].join("\n");

export const PRIVATE_KEY = [
  `-----BEGIN ${"PRIVATE"} KEY-----`,
  "TUFERSBVUCBGT1IgVEhFIERFTU8sIE5PVCBBIEtFWSBBVCBBTEwsIEJVVCBJVCBMT09LUw==",
  "TElLRSBPTkUgQU5EIElTIFRPIEJFIE1BU0tFRCBXSEVSRVZFUiBJVCBJUyBTSE9XTi4uLg==",
  `-----END ${"PRIVATE"} KEY-----`,
  "",
].join("\n");

function stamp(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace(".000", "");
}

function token(chance: (below: number) => number): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const random = (length: number) => Array.from({ length }, () => letters[chance(letters.length)]).join("");
  return `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI${random(20)}.${random(43)}`;
}

/** Numbers that look random and are the same in every demo. */
function sequence(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
