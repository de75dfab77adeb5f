// `npm test`: installs what is missing, runs every check and test, and ends with one line: N passed, N failed.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { installPackages, installSystemPackages } from "./install.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const began = Date.now();
let passed = 0;
let failed = 0;
const failures = [];

const say = (line) => process.stdout.write(`${line}\n`);

function count(name, ok, output = "") {
  if (ok) passed++;
  else {
    failed++;
    failures.push(name);
    if (output !== "") say(output);
  }
  say(`${ok ? "✓" : "✕"} ${name} (${Math.round((Date.now() - began) / 1000)} s)`);
}

function tool(name, ...args) {
  const environment = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", FORCE_COLOR: "0" };
  const ran = spawnSync(process.execPath, [join(root, "node_modules", name), ...args], {
    encoding: "utf8",
    env: environment,
    maxBuffer: 256 * 1024 * 1024,
  });
  return { ok: ran.status === 0, output: `${ran.stdout ?? ""}${ran.stderr ?? ""}` };
}

function step(name, ...command) {
  const { ok, output } = tool(...command);
  count(name, ok, output);
}

/** A runner that reports in JSON; a run that reports nothing counts as failed. */
function suite(name, file, command, read) {
  rmSync(file, { force: true });
  const { ok, output } = tool(...command);
  const report = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null;
  const counts = report === null ? { passed: 0, failed: 0 } : read(report);
  passed += counts.passed;
  failed += counts.failed;
  const sound = ok && counts.failed === 0 && counts.passed > 0;
  if (!sound) {
    say(output.slice(-30_000));
    failures.push(name);
    if (counts.failed === 0) failed++;
  }
  say(
    `${sound ? "✓" : "✕"} ${name}: ${counts.passed} passed, ${counts.failed} failed (${Math.round((Date.now() - began) / 1000)} s)`,
  );
}

const vitest = (report) => ({ passed: report.numPassedTests, failed: report.numFailedTests });
const playwright = (report) => ({
  passed: report.stats.expected,
  failed: report.stats.unexpected + report.stats.flaky + report.stats.skipped,
});

installPackages();
const missing = installSystemPackages([
  ["chromium", "/usr/bin/chromium"],
  ["openssh-server", "/usr/sbin/sshd"],
  ["procps", "/usr/bin/ps"],
  ["bzip2", "/usr/bin/bzip2"],
  ["busybox", "/bin/busybox"],
  ["zsh", "/bin/zsh"],
  ["fish", "/usr/bin/fish"],
  ["tcsh", "/bin/tcsh"],
  ["mksh", "/bin/mksh"],
  ["ksh", "/bin/ksh93"],
  ["yash", "/usr/bin/yash"],
]);
if (missing.length > 0) say(`not installed and not installable from here: ${missing.join(", ")}; tests that need them will fail`);

mkdirSync("test-results", { recursive: true });
step("format and lint (biome)", "@biomejs/biome/bin/biome", "check", ".");
step("types of the core, without Node or a browser (tsc)", "typescript/bin/tsc", "-p", "tsconfig.core.json");
step("types (tsc)", "typescript/bin/tsc", "-p", "tsconfig.json");
step("nothing unused (knip)", "knip/bin/knip.js");
for (const project of ["fences", "unit", "components", "integration", "postgres-*", "regression"]) {
  const file = join(root, "test-results", `${project.replaceAll(/\W/g, "")}.json`);
  suite(project, file, ["vitest/vitest.mjs", "run", "--project", project, "--reporter=json", `--outputFile=${file}`], (report) =>
    vitest(report),
  );
}
try {
  const { buildServer, buildPages } = await import("./build.mjs");
  await buildServer();
  buildPages();
  count("build", true);
} catch (error) {
  count("build", false, error instanceof Error ? error.message : String(error));
}
for (const folder of ["e2e", "e2e-start"]) rmSync(join(root, ".data", folder), { recursive: true, force: true });
const stories = join(root, "test-results", "stories.json");
process.env.PLAYWRIGHT_JSON_OUTPUT_NAME = stories;
suite("stories in the browser", stories, ["@playwright/test/cli.js", "test"], (report) => playwright(report));

if (failures.length > 0) say(`failed: ${failures.join("; ")}`);
say(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
