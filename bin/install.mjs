// Installs what a fresh machine lacks. Uses nothing that is not part of Node.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** `npm ci` unless the packages of the lock file are there. */
export function installPackages() {
  if (existsSync(join(root, "node_modules", ".package-lock.json")) && existsSync(join(root, "node_modules", "next"))) return;
  process.stderr.write("  installing packages (about a minute, once)\n");
  const installed = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  if (installed.status !== 0) throw new Error("`npm ci` failed; its messages are above");
}

/** Debian packages, where this process may install them. `needed`: package and a file that shows it is there. */
export function installSystemPackages(needed) {
  const missing = needed.filter(([, file]) => !existsSync(file)).map(([name]) => name);
  if (missing.length === 0) return [];
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return missing;
  process.stderr.write(`  installing ${missing.join(", ")} with apt-get\n`);
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  spawnSync("apt-get", ["update", "-qq"], { stdio: "ignore", env: environment });
  const installed = spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], {
    encoding: "utf8",
    env: environment,
  });
  if (installed.status !== 0) process.stderr.write(`${installed.stdout}\n${installed.stderr}\n`);
  return needed.filter(([, file]) => !existsSync(file)).map(([name]) => name);
}
