import type { ClientChannel } from "ssh2";
import type { ProgramEnd, ProgramSink, RunningProgram } from "../../gateway/ports.ts";
import { ReportFilter } from "./report.ts";

const SIGNALS: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  ABRT: 6,
  FPE: 8,
  KILL: 9,
  SEGV: 11,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
};

/** A program in its channel, from the first byte until the channel is closed. */
export function follow(
  channel: ClientChannel,
  started: { readonly nonce: string; readonly cwd: string; readonly pty: boolean },
  sink: ProgramSink,
): RunningProgram {
  let begun = false;
  let directory: string | null = null;
  let exitCode: number | null = null;
  let failure: string | null = null;
  let waiting = Promise.resolve();

  const filter = new ReportFilter(started.nonce, (report) => {
    if (report.kind === "end") directory = report.directory;
    else if (!begun) {
      begun = true;
      if (report.directory === started.cwd) return;
      failure = `\`${started.cwd}\` now leads to \`${report.directory}\`, which was not what was authorised; nothing was run`;
      channel.close();
    }
  });

  const give = (bytes: Uint8Array, from: { pause(): unknown; resume(): unknown }) => {
    if (bytes.length === 0 || failure !== null) return;
    const pending = sink.output(bytes);
    if (pending === undefined) return;
    from.pause();
    waiting = waiting
      .then(() => pending)
      .then(
        () => {
          from.resume();
        },
        () => channel.close(),
      );
  };
  channel.on("data", (chunk: Buffer) => give(filter.push(chunk), channel));
  channel.stderr.on("data", (chunk: Buffer) => give(chunk, channel.stderr));
  channel.on("exit", (code: number | null, signal?: string) => {
    exitCode = code ?? 128 + (SIGNALS[(signal ?? "").replace(/^SIG/, "")] ?? 0);
  });
  channel.on("error", (error: Error) => {
    failure ??= error.message;
  });

  const end = new Promise<ProgramEnd>((resolve) => {
    channel.on("close", () => {
      give(filter.end(), channel);
      void waiting.then(() => {
        if (failure !== null) resolve({ ended: "lost", message: failure });
        else if (exitCode === null) resolve({ ended: "lost", message: "the connection ended before the program did" });
        else resolve({ ended: "exited", exitCode, ...(directory === null ? {} : { cwd: directory }) });
      });
    });
  });

  return {
    end,
    write: (bytes) => {
      if (channel.writable) channel.write(Buffer.from(bytes));
    },
    resize: (columns, rows) => {
      if (channel.writable && started.pty) channel.setWindow(rows, columns, 0, 0);
    },
    signal: (name) => {
      if (!channel.writable) return;
      channel.signal(name);
      // Not every server passes signals on; a program whose terminal is gone gets HUP.
      if (name === "KILL" || name === "HUP") channel.close();
    },
  };
}
