import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { catalogueSource } from "./generate-catalogue.ts";

const folder = path.join(import.meta.dirname, "catalogue");

test("SG-30 the generated catalogue is that of the YAML files (`npx vitest -u` writes it)", async () => {
  const files = Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((file) => [file, readFileSync(path.join(folder, file), "utf8")]),
  );
  await expect(catalogueSource(files)).toMatchFileSnapshot("./catalogue.generated.ts");
});
