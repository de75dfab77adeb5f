import { createStreamMasker } from "../core/mask/stream.ts";
import { accessLog, applicationLog } from "../demo/ssh-host/made-up.ts";
import { round } from "./percentile.ts";

const CHUNK = 32_768;
const ROUNDS = 3;

/** Throughput of the streaming masker on logs that are dense with personal data; the best of some rounds. */
export function maskerMbPerSecond(): number {
  const log = new TextEncoder().encode((applicationLog(2_000) + accessLog(5_000)).repeat(10));
  let best = 0;
  for (let i = 0; i < ROUNDS; i++) {
    const masker = createStreamMasker({ detectors: [], secrets: [] });
    const began = performance.now();
    for (let at = 0; at < log.length; at += CHUNK) masker.push(log.subarray(at, at + CHUNK));
    best = Math.max(best, log.length / 1e6 / ((performance.now() - began) / 1_000));
  }
  return round(best);
}
