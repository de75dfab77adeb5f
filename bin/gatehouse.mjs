#!/usr/bin/env node
// The command line. From a checkout it bundles itself first when its sources have changed.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "./build.mjs";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`gatehouse: Node ${process.versions.node} is too old; 20.19 or newer is needed\n`);
  process.exit(1);
}
if (existsSync(join(root, "server"))) {
  const { buildServer, buildPages } = await import("./build.mjs");
  await buildServer();
  if (process.argv[2] === "demo" && !process.argv.includes("--development") && !process.argv.includes("--help")) buildPages();
}
process.env.NODE_ENV ??= process.argv.includes("--development") ? "development" : "production";
await import(new URL("../dist/gatehouse.mjs", import.meta.url).href);
