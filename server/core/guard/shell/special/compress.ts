import { CATALOGUE } from "../catalogue.generated.ts";
import { type Exec, emitExec } from "../command.ts";
import { readLine } from "../options.ts";
import { describeEntry } from "../program.ts";

const OPTIONS = {
  short: "cdfklnqtvz",
  long: "stdout to-stdout decompress uncompress keep list test quiet verbose force no-name",
};

/** `gzip -l FILE`, `xz -dc FILE`: with these options the file stays as it is, and what comes out is shown. */
export function compress(exec: Exec): void {
  const { options, operands, unsure } = readLine(OPTIONS, exec.words, false);
  const names = options.map((option) => option.name);
  const has = (pattern: RegExp) => names.some((name) => pattern.test(name));
  const looks = has(/^(-[lt]|--list|--test)$/);
  const prints = has(/^(-c|--stdout|--to-stdout)$/);
  if ((!looks && !prints) || unsure.length > 0 || options.some((option) => !option.listed || option.value !== null)) {
    describeEntry(exec, CATALOGUE[exec.name] ?? {});
    return;
  }
  emitExec(exec, { subcommand: looks ? "list" : "print", flags: names, operands });
  for (const operand of operands) exec.walk.file("file:read", operand, exec.state);
}
