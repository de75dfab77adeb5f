import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { finished } from "node:stream/promises";
import { Command, CommanderError, Option } from "commander";
import { seal } from "../adapter/secret/secret-store.ts";
import { readConfig } from "../config.ts";
import { readConfiguration, writeDocument } from "../core/configuration/read.ts";
import { compilePolicySet } from "../core/policy/index.ts";
import { verifyRecord } from "../gateway/record.ts";
import { check } from "./check.ts";
import { messageOf, UsageError } from "./failures.ts";
import { run } from "./run.ts";
import { type GlobalOptions, keysOf, withGateway } from "./with-gateway.ts";

/** Exit codes: 0 done, 1 refused or failed, 2 usage. */
const REFUSED = 1;
const USAGE = 2;

const OPERATOR = "operator@command-line";

function program(): Command {
  const gatehouse = new Command("gatehouse")
    .description("A web terminal and SQL workbench that judges every command and statement before it runs.")
    .version("0.1.0")
    .option("--store <url>", "PostgreSQL that holds Gatehouse's state (default: DATABASE_URL, else an embedded one in .data/)")
    .option("--json", "answer in JSON")
    .option("--verbose", "say on standard error what happens inside")
    .showHelpAfterError("(--help shows what there is)")
    .exitOverride();
  const options = (): GlobalOptions => gatehouse.opts<GlobalOptions>();

  gatehouse
    .command("serve")
    .description("serve the workbench; configuration by environment variables, see README")
    .action(async () => (await import("./serve.ts")).serveCommand(options()));
  gatehouse
    .command("demo")
    .description("serve a demo company: a database, a host, an identity provider and three people")
    .option("--port <port>", "port of the workbench", "4040")
    .addOption(new Option("--development", "reload pages as they change").hideHelp())
    .action(async (own: { readonly port: string; readonly development?: boolean }) =>
      (await import("./demo.ts")).demoCommand(own),
    );

  gatehouse
    .command("apply")
    .description("make configuration documents hold (YAML or JSON, several documents in a file)")
    .requiredOption("-f, --file <file...>", "files to read; `-` is standard input")
    .option("--prune", "remove what the files do not name")
    .option("--dry-run", "say what would change, and change nothing")
    .action(async (own: { readonly file: readonly string[]; readonly prune?: boolean; readonly dryRun?: boolean }) => {
      const text = (await Promise.all(own.file.map(readText))).join("\n---\n");
      await withGateway(options(), async (gateway) => {
        const result = await gateway.context.configuration.apply(text, OPERATOR, {
          prune: own.prune === true,
          dryRun: own.dryRun === true,
        });
        if (options().json === true) return print(JSON.stringify({ ...result, dryRun: own.dryRun === true }));
        for (const { kind, id, change } of result.changes)
          print(`${SIGN[change]} ${kind} ${id} ${own.dryRun === true && change !== "unchanged" ? `would be ${change}` : change}`);
        for (const warning of result.warnings) process.stderr.write(`warning: ${warning}\n`);
        print(own.dryRun === true ? "nothing was changed (dry run)" : `configuration version ${result.version}`);
      });
    });
  gatehouse
    .command("export")
    .description("print the configuration that holds")
    .action(() =>
      withGateway(options(), async (gateway) => {
        const { items } = gateway.context.configuration.list();
        print(
          options().json === true
            ? JSON.stringify(items.map((item) => item.document))
            : items.map((item) => item.yaml).join("---\n"),
        );
      }),
    );

  gatehouse
    .command("check")
    .description("decide JSON Lines from standard input; nothing is executed")
    .action(() => withGateway(options(), (gateway) => check(gateway, process.stdin)));
  gatehouse
    .command("run")
    .description("execute JSON Lines from standard input as the people they name")
    .option("--wait <seconds>", "wait so long for reviews (default: report them)")
    .action((own: { readonly wait?: string }) => {
      const seconds = own.wait === undefined ? null : Number(own.wait);
      if (seconds !== null && !(seconds > 0)) throw new UsageError("`--wait` takes a number of seconds");
      return withGateway(options(), (gateway) => run(gateway, process.stdin, seconds === null ? null : seconds * 1_000));
    });

  gatehouse
    .command("seal")
    .description("seal a credential from standard input for a target's document; opens only under the same GATEHOUSE_SECRET")
    .action(async () => {
      const value = (await readText("-")).replace(/\r?\n$/, "");
      if (value === "") throw new UsageError("nothing to seal: give the credential on standard input");
      print(JSON.stringify(seal(value, (await keysOf(readConfig())).seal)));
    });

  const audit = gatehouse.command("audit").description("the tamper-evident record");
  audit
    .command("verify")
    .description("prove that nothing was changed, removed or reordered")
    .option("--checkpoints <file>", "exported checkpoints (JSON Lines) that the database must agree with")
    .action((own: { readonly checkpoints?: string }) =>
      withGateway(options(), async (gateway) => {
        const exported = own.checkpoints === undefined ? null : await readText(own.checkpoints);
        const result = await verifyRecord(gateway.context, exported);
        if (options().json === true) print(JSON.stringify(result));
        else {
          for (const finding of result.findings) print(`✕ ${finding}`);
          print(
            result.intact
              ? `✓ intact: ${result.events} events in ${result.chains} chains`
              : `✕ not intact: ${result.findings.length} findings in ${result.events} events`,
          );
        }
        if (!result.intact) process.exitCode = REFUSED;
      }),
    );
  audit
    .command("export")
    .description("write the whole record as JSON Lines, oldest chain first")
    .option("-o, --output <file>", "file to write (default: standard output)")
    .action((own: { readonly output?: string }) =>
      withGateway(options(), async (gateway) => {
        const out = own.output === undefined ? process.stdout : createWriteStream(own.output, { mode: 0o600 });
        for (const chain of await gateway.context.record.chains()) {
          for await (const entry of gateway.context.record.entries(chain)) {
            if (!out.write(`${JSON.stringify(entry)}\n`))
              await new Promise<void>((resolve) => out.once("drain", () => resolve()));
          }
        }
        if (out !== process.stdout) {
          out.end();
          await finished(out);
        }
      }),
    );

  gatehouse
    .command("policy")
    .description("policies on their own")
    .command("validate <file>")
    .description("check documents of a file without a store")
    .action(async (file: string) => {
      const read = readConfiguration(await readText(file));
      const issues = read.ok
        ? compilePolicySet(
            read.documents.map(({ document }) => document),
            0,
          ).issues.map((issue) => ({
            path: issue.path.join("."),
            ...read.documents.find(({ document }) => document.kind === issue.kind && document.id === issue.id)?.place(issue.path),
            message: `${issue.kind} \`${issue.id}\`: ${issue.message}`,
          }))
        : read.issues;
      if (options().json === true)
        print(
          JSON.stringify({
            valid: issues.length === 0,
            issues,
            documents: read.ok ? read.documents.map(({ document }) => writeDocument(document)).length : 0,
          }),
        );
      else if (issues.length === 0) print(`✓ ${read.ok ? read.documents.length : 0} documents are valid`);
      else
        for (const issue of issues)
          print(
            `${file}:${issue.line ?? 1}:${issue.column ?? 1}: ${issue.path === "" ? "" : `\`${issue.path}\`: `}${issue.message}`,
          );
      if (issues.length > 0) process.exitCode = REFUSED;
    });
  return gatehouse;
}

const SIGN = { created: "+", changed: "~", unchanged: "=", deleted: "-" } as const;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function readText(file: string): Promise<string> {
  if (file !== "-") {
    return readFile(file, "utf8").catch((error: unknown) => {
      throw new UsageError(
        `cannot read \`${file}\`: ${error instanceof Error && "code" in error && error.code === "ENOENT" ? "there is no such file" : String(error)}`,
      );
    });
  }
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}

/** Reads the arguments, runs the command, and sets the exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    await program().parseAsync([...argv]);
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : USAGE;
      return;
    }
    process.stderr.write(`gatehouse: ${messageOf(error)}\n`);
    process.exitCode = error instanceof UsageError ? USAGE : REFUSED;
  }
}

await main(process.argv);
