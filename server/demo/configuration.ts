import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { packageFolder } from "../main.ts";

/** The demo company's policies and masks, and the ready-made set for hosts. */
export async function demoConfiguration(): Promise<string> {
  const folder = join(packageFolder(), "policies");
  const [demo, readOnly] = await Promise.all([
    readFile(join(folder, "demo.yaml"), "utf8"),
    readFile(join(folder, "read-only.yaml"), "utf8"),
  ]);
  return `${demo}\n---\n${readOnly}`;
}
