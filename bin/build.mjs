// Bundles the server and builds the pages, each only when its sources have changed since.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** A digest of names, sizes and times: enough to know that nothing was touched. */
function digestOf(paths) {
  const hash = createHash("sha256");
  const visit = (path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return;
    if (stat.isDirectory()) for (const name of readdirSync(path).sort()) visit(join(path, name));
    else hash.update(`${path}\0${stat.size}\0${stat.mtimeMs}\n`);
  };
  for (const path of paths) visit(join(root, path));
  return hash.digest("hex");
}

function fresh(stamp, digest) {
  return existsSync(stamp) && readFileSync(stamp, "utf8") === digest;
}

/** The server and the command line, as one bundle in dist/. */
export async function buildServer() {
  const digest = digestOf(["server", "drizzle", "package.json"]);
  const stamp = join(root, "dist", "built-from");
  if (fresh(stamp, digest)) return;
  const { build } = await import("esbuild");
  await build({
    absWorkingDir: root,
    entryPoints: { gatehouse: "server/cli/main.ts" },
    outdir: "dist",
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    sourcemap: true,
    logLevel: "warning",
  });
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
}

/** The pages. */
export function buildPages() {
  const digest = digestOf([
    "app",
    "components",
    "server/contract",
    "server/core",
    "proxy.ts",
    "next.config.mjs",
    "postcss.config.mjs",
    "package-lock.json",
  ]);
  const stamp = join(root, ".next", "built-from");
  if (fresh(stamp, digest) && existsSync(join(root, ".next", "BUILD_ID"))) return;
  process.stderr.write("  building the pages (about a minute, once)\n");
  const built = spawnSync(process.execPath, [join(root, "node_modules", "next", "dist", "bin", "next"), "build"], {
    cwd: root,
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
    encoding: "utf8",
  });
  if (built.status !== 0) throw new Error(`the pages could not be built:\n${built.stdout}\n${built.stderr}`);
  writeFileSync(stamp, digest);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildServer();
  buildPages();
}
