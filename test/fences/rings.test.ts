import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const BIOME = "node_modules/@biomejs/biome/bin/biome";

/** The linter's answer on a file that stands there for a moment. */
function lint(path: string, text: string): string {
  const planted = path.replace("planted", `planted-${process.pid}`);
  writeFileSync(planted, text);
  try {
    const ran = spawnSync(process.execPath, [BIOME, "lint", planted], { encoding: "utf8" });
    return `${ran.stdout}${ran.stderr}`;
  } finally {
    rmSync(planted);
  }
}

describe("the rings hold", () => {
  it.each([
    ["core", "server/core/policy/planted.ts", "../../gateway/ports.ts"],
    ["core, the world", "server/core/policy/planted.ts", "node:fs"],
    ["contract", "server/contract/planted.ts", "../gateway/gateway.ts"],
    ["gateway", "server/gateway/planted.ts", "../adapter/store/store.ts"],
    ["adapter", "server/adapter/ssh/planted.ts", "../store/store.ts"],
    ["socket", "server/socket/planted.ts", "../adapter/store/store.ts"],
    ["components", "components/grid/planted.ts", "../../server/gateway/gateway.ts"],
    ["app", "app/planted.ts", "../server/adapter/store/store.ts"],
  ])("%s refuses a planted import", (_ring, path, specifier) => {
    expect(lint(path, `import { x } from "${specifier}";\nexport const y = x;\n`)).toContain("noRestrictedImports");
  });

  it("lets an allowed import pass", () => {
    expect(
      lint("server/gateway/planted.ts", 'import { decide } from "../core/policy/index.ts";\nexport const y = decide;\n'),
    ).not.toContain("noRestrictedImports");
  });
});

describe("one choke point", () => {
  it("only authorize() makes an Authorized", () => {
    const makers = files("server").filter(
      (file) => !file.endsWith(".test.ts") && /as Authorized<|as unknown as Authorized/.test(readFileSync(file, "utf8")),
    );
    expect(makers).toEqual(["server/gateway/authorize.ts"]);
  });

  it("only config.ts and the composition read the environment", () => {
    const readers = files("server").filter(
      (file) => !file.endsWith(".test.ts") && readFileSync(file, "utf8").includes("process.env"),
    );
    expect(
      readers.filter(
        (file) => !["server/config.ts", "server/main.ts", "server/serve.ts"].includes(file) && !file.startsWith("server/demo/"),
      ),
    ).toEqual([]);
  });
});

function files(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .sort();
}
