import { CATALOGUE } from "../catalogue.generated.ts";
import { type Exec, emitExec } from "../command.ts";
import { connect } from "../meaning.ts";
import { readLine } from "../options.ts";
import { describeEntry } from "../program.ts";

/** `openssl s_client` sends what it reads to whoever answers; with nothing, or `Q`, it only shows the certificate. */
export function openssl(exec: Exec): void {
  const [subcommand] = exec.words;
  describeEntry(exec, CATALOGUE.openssl ?? {});
  if (subcommand?.known !== "text" || subcommand.text !== "s_client" || exec.input === null) return;
  if (typeof exec.input !== "object" || !/^Q?\n?$/.test(exec.input.text))
    exec.walk.opaque("`openssl s_client` sends what it reads", exec.span);
}

/** `nc -z HOST PORT`: whether somebody listens; nothing is sent. */
export function netcat(exec: Exec): void {
  const entry = CATALOGUE[exec.name] ?? {};
  const { options, operands, unsure } = readLine(entry, exec.words, false);
  const names = options.map((option) => option.name);
  const [host, ...ports] = operands;
  const asks =
    names.includes("-z") && names.every((name) => /^-[zvnwu46]$/.test(name)) && unsure.length === 0 && host !== undefined;
  if (!asks) {
    describeEntry(exec, entry);
    return;
  }
  emitExec(exec, { subcommand: "check", flags: names, operands });
  connect(exec, host);
  for (const port of ports) if (port.known === "no") exec.walk.opaque(`port \`${port.source}\``, port.span);
}
