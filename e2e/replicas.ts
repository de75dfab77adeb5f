import { type ChildProcess, spawn } from "node:child_process";
import { hkdfSync } from "node:crypto";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import type pg from "pg";
import { type Balancer, startBalancer } from "./balancer.ts";
import { openStore, storeUrl } from "./store.ts";

const DATA = ".data/e2e-replicas";
const SECRET = "a secret of the stories of several replicas";
const PORTS = { balancer: 4160, demo: 4161, second: 4163 };

export interface Replicas {
  /** What browsers see. */
  readonly url: string;
  /** Ports of the two. The company's database and identity provider end with the first. */
  readonly first: number;
  readonly second: number;
  readonly balancer: Balancer;
  /** Straight to the store. */
  readonly store: pg.Client;
  /** Ends the second at once, as a machine does that is lost. */
  killSecond(): Promise<void>;
  stop(): Promise<void>;
}

/** The demo company as one replica, `gatehouse serve` on the same store as the other, and a balancer before both. */
export async function startReplicas(): Promise<Replicas> {
  const url = `http://localhost:${PORTS.balancer}`;
  await rm(DATA, { recursive: true, force: true });
  const common = { ...process.env, GATEHOUSE_SECRET: SECRET, GATEHOUSE_PUBLIC_URL: url, GATEHOUSE_DATA: DATA };
  const demo = await started(["demo", "--port", String(PORTS.demo)], common, "is ready");
  const address = await storeUrl(DATA);
  const second = await started(
    ["serve"],
    {
      ...common,
      DATABASE_URL: address,
      PORT: String(PORTS.second),
      OIDC_ISSUER: `http://localhost:${PORTS.demo + 1}`,
      OIDC_CLIENT_ID: "gatehouse",
      // As the demo's identity provider derives it.
      OIDC_CLIENT_SECRET: Buffer.from(hkdfSync("sha256", SECRET, "gatehouse", "client", 32)).toString("base64url"),
      OIDC_ATTRIBUTES: "region",
    },
    "Gatehouse serves",
  );
  const balancer = await startBalancer([PORTS.second, PORTS.demo], PORTS.balancer);
  const store = await openStore(DATA);
  return {
    url,
    first: PORTS.demo,
    second: PORTS.second,
    balancer,
    store,
    killSecond: () => ended(second, "SIGKILL"),
    stop: async () => {
      await store.end();
      await balancer.stop();
      await ended(second, "SIGINT");
      await ended(demo, "SIGINT");
    },
  };
}

/** Resolves when it says that it is there. */
async function started(command: readonly string[], env: NodeJS.ProcessEnv, ready: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["bin/gatehouse.mjs", ...command], { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        said = `${said}${chunk.toString()}`.slice(-4_000);
        if (said.includes(ready)) resolve();
      });
    child.once("exit", (code) => reject(new Error(`${command[0]} ended with ${code}: ${said}`)));
  });
  return child;
}

async function ended(child: ChildProcess, signal: "SIGKILL" | "SIGINT"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill(signal);
  await exit;
}
