import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const STATEMENTS = 200_000;
const LOOKS = 8;

/** Heap and resident memory after a collection, at the start and after each eighth of 200,000 statements; every fourth is a new text. */
export async function measureMemory(guard: (text: string) => Promise<void>, text: string) {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const seen: { readonly statements: number; readonly heapMb: number; readonly rssMb: number }[] = [];
  const look = (statements: number): void => {
    collect();
    const { heapUsed, rss } = process.memoryUsage();
    seen.push({ statements, heapMb: Math.round(heapUsed / 1e5) / 10, rssMb: Math.round(rss / 1e6) });
  };
  for (let number = 0; number < STATEMENTS; number += 1) {
    if (number % (STATEMENTS / LOOKS) === 0) look(number);
    await guard(number % 4 === 0 ? `${text} -- ${number}` : text);
  }
  look(STATEMENTS);
  return seen;
}
