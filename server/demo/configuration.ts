import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readConfiguration, writeDocument } from "../core/configuration/read.ts";
import type { ConfigurationDocument } from "../core/domain/configuration.ts";
import { packageFolder } from "../main.ts";

/** In the set for hosts: asks for review where everyone may write. */
const SHARED_FOLDERS = "links-may-lead-anywhere";
/** In the set for hosts: asks for review of programs that take keys. The demo's own policy permits some of them. */
const KEYS = "pagers-have-doors";
const PERMITTED = ["less", "zless", "top"];

/**
 * The demo company's policies and masks, and the ready-made set for hosts. `home`: of the demo host's account; the data
 * folder may stand in a shared folder such as `/tmp`, and then the account's own home is an exception from the review.
 */
export async function demoConfiguration(home: string): Promise<string> {
  const folder = join(packageFolder(), "policies");
  const texts = await Promise.all(["demo.yaml", "read-only.yaml"].map((name) => readFile(join(folder, name), "utf8")));
  const read = readConfiguration(texts.join("\n---\n"));
  if (!read.ok) throw new Error(`the demo's policies are not valid: ${read.issues[0]?.message}`);
  return read.documents.map(({ document }) => writeDocument(excepting(document, home))).join("---\n");
}

function excepting(document: ConfigurationDocument, home: string): ConfigurationDocument {
  if (document.kind !== "policy") return document;
  const { except } = document.resources;
  if (document.id === KEYS)
    return {
      ...document,
      resources: { ...document.resources, except: { ...except, programs: [...(except?.programs ?? []), ...PERMITTED] } },
    };
  if (document.id !== SHARED_FOLDERS) return document;
  return {
    ...document,
    resources: { ...document.resources, except: { ...except, paths: [...(except?.paths ?? []), home, `${home}/**`] } },
  };
}
