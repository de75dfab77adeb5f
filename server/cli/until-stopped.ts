const STOP_DEADLINE_MS = 15_000;

/**
 * Runs `start` and stays until Ctrl-C or SIGTERM; then, and also when `start` fails, runs everything in `stops` in order.
 * A second Ctrl-C, or a stop that hangs, ends the process at once.
 */
export async function untilStopped(stops: readonly (() => Promise<void>)[], start: () => Promise<void>): Promise<void> {
  let stopping = false;
  let stop: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const onSignal = (): void => {
    if (stopping) process.exit(130);
    stopping = true;
    stop();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  try {
    await Promise.race([start(), stopped]);
    await stopped;
  } finally {
    stopping = true;
    const late = setTimeout(() => {
      process.stderr.write("stopping takes too long; leaving\n");
      process.exit(1);
    }, STOP_DEADLINE_MS);
    for (const each of stops)
      await each().catch((error: unknown) =>
        process.stderr.write(`while stopping: ${error instanceof Error ? error.message : String(error)}\n`),
      );
    clearTimeout(late);
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  }
}
