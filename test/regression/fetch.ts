import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/**
 * PostgreSQL's own regression tests, from Debian's source package. They are not part of this repository: apt fetches the
 * package with lists of its own, so that nothing on the machine changes, and checks signature and sums on the way.
 */

export const REGRESSION_SERVER = 15;
const PACKAGE = `postgresql-${REGRESSION_SERVER}`;
const KEPT_IN = fileURLToPath(new URL("../../.data/regression/", import.meta.url));
const run = promisify(execFile);

export interface RegressionSuite {
  /** Of the server whose tests these are, `15.18`. */
  readonly version: string;
  /** Holds `sql/*.sql` and the `data` that they load. */
  readonly folder: string;
}

/** Fetches what is not there yet. Throws where there is no Debian archive, with what apt said. */
export async function regressionSuite(): Promise<RegressionSuite> {
  const kept = join(KEPT_IN, "suite");
  if (!existsSync(kept)) await fetchInto(kept);
  return { version: (await readFile(join(kept, "version"), "utf8")).trim(), folder: kept };
}

async function fetchInto(folder: string): Promise<void> {
  const work = join(KEPT_IN, `work.${process.pid}`);
  await mkdir(join(work, "lists", "partial"), { recursive: true });
  try {
    await writeFile(join(work, "src.sources"), await sourceLists());
    const options = {
      "Dir::Etc::sourcelist": join(work, "src.sources"),
      "Dir::Etc::sourceparts": "-",
      "Dir::State::Lists": join(work, "lists"),
      "Dir::Cache": work,
      "APT::Sandbox::User": "root",
    };
    const words = Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
    await run("apt-get", [...words, "update"], { cwd: work });
    await run("apt-get", [...words, "source", "--download-only", PACKAGE], { cwd: work });
    const archive = (await readdir(work)).find((name) => /\.orig\.tar\.\w+$/.test(name)) ?? "";
    const version = /_(\d+\.\d+)\.orig/.exec(archive)?.[1];
    if (version === undefined) throw new Error(`no archive of ${PACKAGE} among what was fetched`);
    const suite = join(work, "suite");
    await mkdir(suite);
    const members = ["sql", "data"].map((name) => `postgresql-${version}/src/test/regress/${name}`);
    await run("tar", ["-xf", join(work, archive), "-C", suite, "--strip-components=4", ...members]);
    await writeFile(join(suite, "version"), `${version}\n`);
    await rename(suite, folder).catch((error: unknown) => {
      // Another process was quicker.
      if (!existsSync(folder)) throw error;
    });
  } catch (cause) {
    const said = cause instanceof Error && "stderr" in cause ? `: ${String(cause.stderr).trim()}` : "";
    throw new Error(`cannot fetch the source of ${PACKAGE} from the Debian archive${said}`, { cause });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The machine's own archives, for sources instead of packages; not those of security updates, which pass too quickly. */
async function sourceLists(): Promise<string> {
  const folder = "/etc/apt/sources.list.d";
  const files = (await readdir(folder)).filter((name) => name.endsWith(".sources"));
  const stanzas = (await Promise.all(files.map((name) => readFile(join(folder, name), "utf8")))).flatMap((text) =>
    text.split(/\n\n+/),
  );
  const sources = stanzas.filter((stanza) => /^Types:/m.test(stanza) && !/^Suites:.*-security/m.test(stanza));
  if (sources.length === 0) throw new Error(`no archive is named in \`${folder}\``);
  return sources.map((stanza) => stanza.replaceAll(/^Types:.*$/gm, "Types: deb-src")).join("\n\n");
}
