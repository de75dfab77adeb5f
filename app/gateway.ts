import type { Installed } from "../server/gateway/gateway.ts";

/**
 * The one way from pages to the gateway. Next bundles its own copy of every module it imports, so the gateway is not
 * imported: `server/main.ts` installs it on `globalThis` before Next starts. Call this inside functions only.
 */
export function gateway(): Installed {
  const installed = (globalThis as { [key: symbol]: Installed | undefined })[Symbol.for("gatehouse.installed")];
  if (installed === undefined) throw new Error("no gateway is installed in this process; start it with `server/main.ts`");
  return installed;
}
