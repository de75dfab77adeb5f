// `npm run bench`: ratios measured in one run, as JSON. Nothing here is compared with a clock of another day.
import { join } from "node:path";
import { installPackages } from "./install.mjs";

installPackages();
const { root } = await import("./build.mjs");
const { build } = await import("esbuild");
await build({
  absWorkingDir: root,
  entryPoints: { bench: "server/bench/main.ts", "bench-client": "server/bench/socket-client.ts" },
  outdir: "dist",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  packages: "external",
  logLevel: "warning",
});
await import(new URL(`file://${join(root, "dist", "bench.mjs")}`).href);
