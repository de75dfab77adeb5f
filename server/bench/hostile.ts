import type { Gateway } from "../gateway/create-gateway.ts";
import type { OpenSqlSession } from "../gateway/sessions.ts";
import { LoopWatch } from "./loop-watch.ts";
import { percentile, round } from "./percentile.ts";
import { run } from "./run.ts";

const RUNS = 1_000;
const EVERYDAY = "select id, email, c from wide where id = ";
/** Waits between two statements of the other person, so that both have the machine. */
const PAUSE_MS = 20;

/** Texts that are meant to hurt, and some that are merely large. A number makes each another one: none is remembered. */
const TEXTS: Readonly<Record<string, (number: number) => string>> = {
  "chain of 10,000 terms": (number) => `select ${number}${" + 1".repeat(10_000)}`,
  "10,000 conditions": (number) => `select 1 from wide where id = ${number}${" or id = 1".repeat(10_000)}`,
  "30,000 nested comments": (number) => `select ${number} ${"/*".repeat(30_000)}${"*/".repeat(30_000)}`,
  "1 MB": (number) => `select '${number}${"x".repeat(1_000_000)}'`,
  NUL: (number) => `select ${number} \0 from wide`,
  "lone surrogate": (number) => `select ${number}, '\ud800'`,
  "10,000 brackets": (number) => `select ${"(".repeat(10_000)}${number}${")".repeat(10_000)}`,
  "50,000 values": (number) => `select ${number}${", 1".repeat(50_000)}`,
  "250 kB of one value": (number) => `select length('${number}${"ä".repeat(120_000)}')`,
  "2,000 values": (number) => `select ${number}${", 1".repeat(2_000)}`,
  "500 columns of a table": (number) => `select ${number}${", a".repeat(500)} from wide limit 1`,
  "300 joins": (number) =>
    `select ${number} from wide a0 ${Array.from({ length: 299 }, (_, i) => `join wide a${i + 1} on a${i + 1}.id = a${i}.id`).join(" ")} limit 1`,
  "1,000 unions": (number) =>
    Array.from({ length: 1_000 }, () => `select ${number}, email from wide where id = 1`).join(" union all "),
  "100 levels of queries": (number) =>
    `${"select * from (".repeat(100)}select ${number} from wide limit 1${") as q".repeat(100)}`,
};

/** How each ends and how long it takes; meanwhile somebody else works. */
export async function measureHostile(gateway: Gateway) {
  const person = { email: "bench@acme.test", name: "Bench", groups: [] };
  const [attacker, other] = [await gateway.sessions.openSql(person, "bench"), await gateway.sessions.openSql(person, "bench")];
  for (let number = 0; number < 50; number += 1) await run(other, `${EVERYDAY}${number}`);
  const alone = await everyday(other, () => false, 100);
  const loop = new LoopWatch();
  const kinds = Object.entries(TEXTS);
  const seen = new Map(kinds.map(([kind]) => [kind, { milliseconds: [] as number[], wall: 0, busy: 0, says: "" }]));
  let attacking = true;
  const meanwhile = everyday(other, () => attacking, Number.POSITIVE_INFINITY);
  loop.start();
  for (let number = 0; number < RUNS; number += 1) {
    const [kind, text] = kinds[number % kinds.length] ?? ["", () => ""];
    const sql = text(number);
    await new Promise((settle) => setTimeout(settle, 2));
    loop.reset();
    const began = performance.now();
    const says = await run(attacker, sql);
    const one = seen.get(kind);
    one?.milliseconds.push(performance.now() - began);
    await new Promise((settle) => setTimeout(settle, 2));
    const { wallMs, busyMs } = loop.longest;
    if (one !== undefined)
      Object.assign(one, { wall: Math.max(one.wall, wallMs), busy: Math.max(one.busy, busyMs ?? wallMs), says });
  }
  loop.stop();
  attacking = false;
  const others = await meanwhile;
  await Promise.all([attacker.close("done"), other.close("done")]);
  return {
    texts: Object.fromEntries(
      [...seen].map(([kind, { milliseconds, wall, busy, says }]) => [
        kind,
        {
          says,
          p50Ms: percentile(milliseconds, 0.5),
          maxMs: percentile(milliseconds, 1),
          loopHeldMs: round(wall),
          loopBusyMs: round(busy),
        },
      ]),
    ),
    "another person's lookup, alone": alone,
    "another person's lookup, meanwhile": others,
  };
}

async function everyday(session: OpenSqlSession, goOn: () => boolean, most: number) {
  const times: number[] = [];
  for (let number = 0; number < most && (goOn() || most !== Number.POSITIVE_INFINITY); number += 1) {
    const began = performance.now();
    await run(session, `${EVERYDAY}${number % 1_000}`);
    times.push(performance.now() - began);
    await new Promise((settle) => setTimeout(settle, PAUSE_MS));
  }
  return { statements: times.length, p50Ms: percentile(times, 0.5), p99Ms: percentile(times, 0.99), maxMs: percentile(times, 1) };
}
