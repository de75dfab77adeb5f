// `npm run bench`: ratios measured in one run, as JSON. Nothing here is compared with a clock of another day.
// `npm run bench -- --long [GIGABYTES]`: output of ten gigabytes, about half an hour.
import { join } from "node:path";
import { installPackages } from "./install.mjs";

installPackages();
const { root } = await import("./build.mjs");
const { build } = await import("esbuild");
await build({
  absWorkingDir: root,
  entryPoints: {
    bench: "server/bench/main.ts",
    "bench-long": "server/bench/long.ts",
    "bench-client": "server/bench/socket-client.ts",
  },
  outdir: "dist",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  packages: "external",
  logLevel: "warning",
});
const measured = process.argv.includes("--long") ? "bench-long.mjs" : "bench.mjs";
await import(new URL(`file://${join(root, "dist", measured)}`).href);
