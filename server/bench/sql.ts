import type pg from "pg";
import type { Gateway } from "../gateway/create-gateway.ts";
import type { OpenSqlSession } from "../gateway/sessions.ts";
import { percentile, round } from "./percentile.ts";

const ROUNDS = 400;
const WIDE = "select id, email, phone, a, b, c, d, e from wide";

/** Latency of small statements and throughput of a large masked one, each beside plain `pg` in the same run. */
export async function measureSql(gateway: Gateway, direct: pg.Client) {
  const session = await gateway.sessions.openSql({ email: "bench@acme.test", name: "Bench", groups: [] }, "bench");
  const latency = async (text: string) => {
    const through: number[] = [];
    const plain: number[] = [];
    for (let i = 0; i < ROUNDS; i++) {
      let began = performance.now();
      await direct.query({ text, rowMode: "array" });
      plain.push(performance.now() - began);
      began = performance.now();
      await run(session, text);
      through.push(performance.now() - began);
    }
    const [gatewayP50, directP50] = [percentile(through, 0.5), percentile(plain, 0.5)];
    return {
      gatewayMsP50: gatewayP50,
      gatewayMsP99: percentile(through, 0.99),
      directMsP50: directP50,
      addedMsP50: round(gatewayP50 - directP50),
      ratio: round(gatewayP50 / directP50),
    };
  };
  const one = await latency("select 1");
  const lookup = await latency("select id, email, c from wide where id = 4711");
  let began = performance.now();
  const plainRows = await direct.query({ text: WIDE, rowMode: "array" });
  const plain = (plainRows.rows.length / (performance.now() - began)) * 1_000;
  began = performance.now();
  const rows = await run(session, WIDE);
  const through = (rows / (performance.now() - began)) * 1_000;
  await session.close("done");
  return {
    "select 1": one,
    "indexed lookup with a masked column": lookup,
    "1,000,000 rows × 8 columns, 2 masked": {
      gatewayRowsPerSecond: Math.round(through),
      directRowsPerSecond: Math.round(plain),
      ratio: round(through / plain),
      rssMb: Math.round(process.memoryUsage.rss() / 1e6),
    },
  };
}

async function run(session: OpenSqlSession, text: string): Promise<number> {
  let rows = 0;
  let ended = "";
  await session.sql.run(
    text,
    { parameters: null, reason: "", waitForReview: false, signal: new AbortController().signal },
    {
      decided: () => undefined,
      waiting: () => undefined,
      columns: () => undefined,
      rows: (_statement, batch) => {
        rows += batch.count;
      },
      notice: () => undefined,
      ended: (_statement, end) => {
        ended = end.ended;
      },
    },
  );
  if (ended !== "done") throw new Error(`\`${text}\` ended as ${ended}`);
  return rows;
}
