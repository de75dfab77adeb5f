// A registry that lacks packages for other platforms makes `npm install` leave them out of the lock file without a word,
// and `npm ci` then refuses the lock. Adds what is missing, as optional entries. Run after each change of the lock file.
import { readFileSync, writeFileSync } from "node:fs";

const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
const present = (name, parent) => `${parent}/node_modules/${name}` in lock.packages || `node_modules/${name}` in lock.packages;
const platformOf = (name) => {
  const os = /darwin|win32|windows|linux|freebsd|openbsd|netbsd|android|sunos|aix|openharmony/.exec(name)?.[0];
  const cpu = /arm64|x64|ia32|riscv64|s390x|ppc64|loong64|mips64el|(?<![a-z0-9])arm(?!64)|wasm32/.exec(name)?.[0];
  const libc = /musl/.test(name) ? "musl" : /gnu|glibc/.test(name) ? "glibc" : undefined;
  return {
    ...(os ? { os: [os === "windows" ? "win32" : os] } : {}),
    ...(cpu ? { cpu: [cpu] } : {}),
    ...(libc ? { libc: [libc] } : {}),
  };
};
let added = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (present(name, path) || !/^[0-9]/.test(version)) continue;
    lock.packages[`node_modules/${name}`] = { version, ...platformOf(name), optional: true };
    added++;
  }
}
for (const entry of Object.values(lock.packages)) delete entry.resolved;
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync("package-lock.json", `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(`${added} entries added\n`);
