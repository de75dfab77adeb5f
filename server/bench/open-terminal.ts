import type { Detector } from "../core/mask/stream.ts";
import type { Gateway } from "../gateway/create-gateway.ts";
import { Recorder } from "../gateway/recorder.ts";
import { Terminal } from "../gateway/terminal.ts";

const SIZE = { columns: 120, rows: 40 };

/** A recorded terminal on the target `host`, whose browser takes everything as it comes. */
export async function openTerminal(gateway: Gateway, detectors: readonly Detector[]) {
  const session = await gateway.sessions.openShell({ email: "bench@acme.test", name: "Bench", groups: [] }, "host");
  const { requester, target } = session;
  const recorded = {
    session: session.id,
    principal: requester.principal.id,
    target: target.id,
    environment: target.environment,
    ...SIZE,
  };
  const recording = await Recorder.open(gateway.context, recorded, (reason) => {
    throw new Error(reason);
  });
  let bytes = 0;
  let shown = "";
  let running = false;
  let onOutput: () => void = () => undefined;
  let onState: () => void = () => undefined;
  const none = (): undefined => undefined;
  const terminal: Terminal = new Terminal({
    session,
    detectors,
    now: () => performance.now(),
    ...SIZE,
    history: [],
    from: null,
    before: "",
    waiting: null,
    recording,
    events: {
      output: (chunk) => {
        bytes += chunk.length;
        if (bytes < 1_000) shown += new TextDecoder().decode(chunk);
        setImmediate(() => terminal.acknowledge(chunk.length));
        onOutput();
      },
      verdict: none,
      block: none,
      remember: none,
      moved: none,
      edit: none,
      state: (state) => {
        running = state.running;
        onState();
      },
      ended: none,
      failed: (error) => {
        throw error;
      },
    },
  });
  const keys = (text: string): void => terminal.input(new TextEncoder().encode(text));
  const prompt = (): Promise<void> =>
    new Promise((resolve) => {
      let ran = running;
      onState = () => {
        ran ||= running;
        if (ran && !running) resolve();
      };
    });
  return {
    keys,
    /** Bytes since the last line was entered, and the first of them as text. */
    shown: () => ({ bytes, shown }),
    /** Resolves with the milliseconds from a key to the next output. */
    echo: async (key: string): Promise<number> => {
      const began = performance.now();
      await new Promise<void>((resolve) => {
        onOutput = resolve;
        keys(key);
      });
      onOutput = () => undefined;
      return performance.now() - began;
    },
    /** Resolves with the seconds to the next prompt. */
    run: async (line: string): Promise<number> => {
      bytes = 0;
      shown = "";
      const began = performance.now();
      const over = prompt();
      keys(`${line}\r`);
      await over;
      return (performance.now() - began) / 1_000;
    },
    close: async (): Promise<void> => {
      terminal.close();
      await recording.close();
      await session.close("done");
    },
  };
}
