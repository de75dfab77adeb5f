import { describe, expect, test } from "vitest";
import { resourceName } from "../core/domain/micro-action.ts";
import { describeShell } from "../core/guard/shell/index.ts";
import { placesOf } from "./places.ts";

const FILES: Readonly<Record<string, readonly string[]>> = {
  "/etc/app": ["a.yaml", "b.yaml", ".hidden.yaml", "l.yaml", "note"],
  "/srv": ["one/", "two/", "file"],
  "/srv/one": ["x.conf"],
  "/srv/two": ["y.conf", "z"],
};
const LINKS: Readonly<Record<string, string>> = { "/etc/app/l.yaml": "/etc/shadow" };
const connection = {
  list: async (path: string) => FILES[path] ?? [],
  realpath: async (path: string) => LINKS[path] ?? path,
  isDirectory: async (path: string) => Object.hasOwn(FILES, path),
};

async function paths(text: string): Promise<readonly string[]> {
  const where = { cwd: "/srv", home: "/home/deploy", user: "deploy", environment: {} };
  const described = describeShell(text, where);
  if ("refusal" in described) throw new Error(described.refusal.message);
  const placed = describeShell(text, { ...where, ...(await placesOf(described.microActions, connection)) });
  if ("refusal" in placed) throw new Error(placed.refusal.message);
  return placed.microActions.flatMap(({ action, resource }) =>
    action.startsWith("file:")
      ? [`${resourceName(resource)}${resource.kind === "path" && resource.pattern ? " (glob)" : ""}`]
      : [],
  );
}

describe("SG-5 a glob is what it matches on the host", () => {
  test("names, without those that begin with a dot, with where links lead", async () => {
    const found = await paths("cat /etc/app/*.yaml");
    expect(found).toEqual(["/etc/app/a.yaml", "/etc/app/b.yaml", "/etc/app/l.yaml", "/etc/shadow", "/etc/app/*.yaml"]);
  });
  test("in several folders", async () => {
    expect(await paths("cat /srv/*/*.conf")).toEqual(["/srv/one/x.conf", "/srv/two/y.conf", "/srv/*/*.conf"]);
  });
  test.each([
    ["a folder that cannot be listed", "cat /opt/*.yaml", "/opt/*.yaml (glob)"],
    ["a line that changes files", "touch /etc/app/c; cat /etc/app/*.yaml", "/etc/app/*.yaml (glob)"],
    ["a line of which a part is not known", "frobnicate; cat /etc/app/*.yaml", "/etc/app/*.yaml (glob)"],
    ["a value that only fits a glob", 'cat "/etc/app/$$.yaml"', "/etc/app/*.yaml (glob)"],
    ["what a program looks for", "find /etc/app -name '*.yaml' -exec cat {} +", "/etc/app/**/*.yaml (glob)"],
  ])("%s: everything that it could match", async (_name, text, glob) => {
    expect(await paths(text)).toContain(glob);
  });
});

describe("SG-18 what reads what is in a folder", () => {
  test("of two folders `diff` shows what is in files of the same name", async () => {
    expect(await paths("diff /etc/app /srv/one")).toEqual(["/etc/app/* (glob)", "/etc/app", "/srv/one/* (glob)", "/srv/one"]);
    expect(await paths("sdiff /etc/app/a.yaml /srv/one")).toEqual(["/etc/app/a.yaml", "/srv/one/* (glob)", "/srv/one"]);
    expect(await paths("diff /etc/app/a.yaml /etc/app/b.yaml")).toEqual(["/etc/app/a.yaml", "/etc/app/b.yaml"]);
    expect(await paths("ls /etc/app")).toEqual(["/etc/app"]);
  });
});
