import type pg from "pg";
import type { Gateway } from "../gateway/create-gateway.ts";
import { percentile, round } from "./percentile.ts";
import { run } from "./run.ts";

const ROUNDS = 400;

/** Latency of small statements beside plain `pg` in the same run. */
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
      if ((await run(session, text)) !== "done") throw new Error(`\`${text}\` did not run`);
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
  await session.close("done");
  return { "select 1": one, "indexed lookup with a masked column": lookup };
}
