import { type Exec, emitExec } from "../command.ts";
import { readLine } from "../options.ts";
import { interactive } from "../program.ts";
import { child } from "../state.ts";

const OPTIONS = {
  short: "abBefhHiklmnprstuvxCEPTcDVo:O:",
  long: "login posix restricted norc noprofile noediting verbose version help debugger dump-strings dump-po-strings pretty-print rcfile= init-file= command= init-command= private features= interactive",
} as const;

/** A shell: the text after `-c` is described as if it stood in the line; a script in a file or on a pipe is opaque. */
export function shell(exec: Exec): void {
  const { walk, name } = exec;
  const line = readLine(OPTIONS, exec.words, true);
  const language = name === "bash" ? "bash" : "sh";
  const flags = line.options.map((option) => option.name);
  const takesText = flags.includes("-c") || flags.includes("--command");
  emitExec(exec, { subcommand: "", flags, operands: line.operands });
  for (const word of line.unsure) walk.opaque(`word \`${word.source}\` of \`${name}\`, which may be an option`, word.span);
  for (const option of line.options) {
    if (/^(--rcfile|--init-file|--init-command|-O|-o|-s)$/.test(option.name))
      walk.opaque(`\`${name} ${option.name}\``, exec.span);
    if (!option.listed) walk.opaque(`option \`${option.name}\` of \`${name}\`, which is not known`, exec.span);
    if (/^(--rcfile|--init-file)$/.test(option.name) && option.value !== null) walk.file("file:read", option.value, exec.state);
  }
  if (flags.includes("-i") || flags.includes("-l") || flags.includes("--login") || flags.includes("--interactive")) {
    walk.opaque(`start-up files of \`${name}\``, exec.span);
    if (!takesText) interactive(exec);
  }
  if (/^(csh|tcsh|fish|zsh|ksh|mksh)$/.test(name)) walk.opaque(`\`${name}\`, whose language is another one`, exec.span);
  const command = takesText ? (line.options.find((option) => option.name === "--command")?.value ?? line.operands[0]) : undefined;
  if (takesText) {
    if (command?.known !== "text") {
      walk.opaque(`text for \`${name}\` that is known only when it runs`, command?.span ?? exec.span);
      return;
    }
    const positional = line.operands.slice(2);
    walk.text(
      command.text,
      command.span,
      child(
        exec.state,
        positional.every((word) => word.known === "text")
          ? positional.map((word) => (word.known === "text" ? word.text : ""))
          : null,
      ),
      language,
    );
    return;
  }
  const [script] = line.operands;
  if (script !== undefined) {
    walk.file("file:read", script, exec.state);
    walk.opaque(`script \`${script.source}\``, script.span);
    return;
  }
  if (typeof exec.input === "object" && exec.input !== null) {
    walk.text(exec.input.text, exec.input.span, child(exec.state, []), language);
    return;
  }
  walk.opaque(exec.input === null ? `keys typed into \`${name}\`` : `what \`${name}\` reads from its input`, exec.span);
  if (exec.input === null) interactive(exec);
}
