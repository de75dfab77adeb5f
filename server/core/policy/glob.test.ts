import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pathCovers, pathsMeet } from "./glob.ts";

describe("PE-9 what a shell's glob could mean", () => {
  test.each([
    ["**/.env", "/srv/*", false],
    ["**/.env", "/srv/.*", true],
    ["**/.env", "/srv/.e*", true],
    ["**/.env", "/srv/?env", false],
    ["**/.env", "/srv/[.]env", false],
    ["**/secrets.yaml", "/etc/app/*.yaml", true],
    ["**/secrets.yaml", "/etc/app/*s.yaml", true],
    ["**/.yaml", "/etc/app/*.yaml", false],
    ["/etc/shadow*", "/*/shadow", true],
    ["**/.ssh/**", "/home/*/.ssh/id", true],
    ["**/.ssh/**", "/home/a/*/id", false],
    ["/a/b.c", "/a/*.c", true],
    ["/a/b.c", "/a/b*.c", true],
    ["**/.env", "/srv/*/**", true],
  ] as const)("%s and %s: %s", (policy, asked, meets) => {
    expect(pathsMeet(policy, asked, true, true)).toBe(meets);
    expect(pathsMeet(policy, asked, true)).toBe(true);
  });

  /** Straight from the definition: tries the glob on the name, part by part. */
  const matches = (glob: string, name: string): boolean => {
    const parts = glob.split("/");
    const names = name.split("/");
    if (parts.length !== names.length) return false;
    return parts.every((part, i) => {
      const found = names[i] ?? "";
      if (/^[*?]/.test(part) && found.startsWith(".")) return false;
      const source = part.replace(/[.]/g, "\\.").replace(/\*/g, ".*").replace(/\?/g, ".");
      return new RegExp(`^${source}$`).test(found) && (found !== "" || part === "");
    });
  };

  test("no name that both fit is missed", () => {
    const part = fc.array(fc.constantFrom("a", "b", ".", "*", "?"), { minLength: 1, maxLength: 4 }).map((all) => all.join(""));
    const name = fc.array(fc.constantFrom("a", "b", "."), { minLength: 1, maxLength: 4 }).map((all) => all.join(""));
    const path = (of: fc.Arbitrary<string>) => fc.array(of, { minLength: 2, maxLength: 2 }).map((all) => `/${all.join("/")}`);
    fc.assert(
      fc.property(path(part), path(name), fc.constantFrom("**/X", "/**", "EXACT"), (glob, file, kind) => {
        if (glob.includes("**") || !matches(glob, file)) return;
        const policy = kind === "EXACT" ? file : kind === "/**" ? kind : `**/${file.split("/").at(-1)}`;
        expect(pathCovers(policy, file, false)).toBe(true);
        expect(pathsMeet(policy, glob, true, true), `${policy} ${glob} ${file}`).toBe(true);
      }),
      { numRuns: 20_000, seed: 1 },
    );
  });
});
