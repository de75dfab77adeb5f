// `npm run fuzz:sql -- --count 20000 --seed 1`: random statements through the guard and raw on a twin database, compared.
import { join } from "node:path";
import { installPackages } from "./install.mjs";

installPackages();
const { root } = await import("./build.mjs");
const { build } = await import("esbuild");
await build({
  absWorkingDir: root,
  entryPoints: { fuzz: "test/twin/main.ts" },
  outdir: "dist",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  packages: "external",
  logLevel: "warning",
});
await import(new URL(`file://${join(root, "dist", "fuzz.mjs")}`).href);
