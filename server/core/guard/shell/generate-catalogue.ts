import { parse } from "yaml";
import { Family, type ProgramEntry } from "./catalogue-schema.ts";

/**
 * Turns the files of catalogue/ into the text of catalogue.generated.ts: the core reads no files. `npx vitest -u` on
 * catalogue.test.ts writes it.
 */
export function catalogueSource(files: Readonly<Record<string, string>>): string {
  const all: Record<string, ProgramEntry> = {};
  for (const [file, text] of Object.entries(files)) {
    for (const [names, entry] of Object.entries(Family.parse(parse(text, { merge: true })))) {
      for (const name of names.split(" ")) {
        if (Object.hasOwn(all, name)) throw new Error(`${file}: \`${name}\` is described twice`);
        all[name] = entry;
      }
    }
  }
  const lines = Object.entries(all)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, entry]) => `  ${JSON.stringify(name)}: ${JSON.stringify(entry)},`);
  return `// Made from catalogue/*.yaml by generate-catalogue.ts. Do not edit.\nimport type { ProgramEntry } from "./catalogue-schema.ts";\n\nexport const CATALOGUE: Readonly<Record<string, ProgramEntry>> = {\n${lines.join("\n")}\n};\n`;
}
