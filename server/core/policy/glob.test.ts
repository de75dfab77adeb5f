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

  // A policy's glob as an expression of the host: a run of folders may be none.
  const expression = (glob: string): RegExp => {
    let out = "";
    for (let i = 0; i < glob.length; i++) {
      const c = glob[i] as string;
      if (glob.startsWith("**/", i) && (i === 0 || glob[i - 1] === "/")) {
        out += "(?:.*/)?";
        i += 2;
      } else if (glob.startsWith("**", i)) {
        out += ".*";
        i++;
      } else out += c === "*" ? "[^/]*" : c === "?" ? "[^/]" : c === "." ? "\\." : c;
    }
    return new RegExp(`^${out}$`, "s");
  };

  test("a shortcut over beginnings, ends and insides changes no answer", () => {
    const word = (letters: readonly string[]) =>
      fc.array(fc.constantFrom(...letters), { minLength: 0, maxLength: 12 }).map((all) => `/${all.join("")}`);
    const names = ["a", "b", ".", "/", ".env", "/.ssh/"];
    const policies = fc.oneof(
      word([...names, "*", "?", "**", "/**/", "/**"]),
      word([...names, "*", "/**/"]).map((p) => `**${p}`),
    );
    fc.assert(
      fc.property(policies, word(names), (policy, path) => {
        if (/\*\*\*/.test(policy)) return;
        expect(pathCovers(policy, path, false), `${policy} ${path}`).toBe(expression(policy).test(path));
        expect(pathsMeet(policy, path, false), `${policy} ${path}`).toBe(expression(policy).test(path));
      }),
      { numRuns: 40_000, seed: 2 },
    );
  });

  test("two globs that share a path meet", () => {
    const of = (letters: readonly string[]) =>
      fc.array(fc.constantFrom(...letters), { minLength: 1, maxLength: 8 }).map((all) => `/${all.join("")}`);
    const path = of(["a", ".", "/", ".env"]);
    let met = 0;
    fc.assert(
      fc.property(
        of(["a", ".", "/", ".env", "*", "**", "/**/"]),
        of(["a", ".", "/", ".env", "*", "?", "**"]),
        fc.array(path, { minLength: 8, maxLength: 8 }),
        (policy, glob, paths) => {
          if (/\*\*\*/.test(policy + glob)) return;
          for (const each of paths) {
            if (!expression(policy).test(each) || !expression(glob).test(each)) continue;
            met++;
            expect(pathsMeet(policy, glob, true), `${policy} ${glob} ${each}`).toBe(true);
          }
        },
      ),
      { numRuns: 40_000, seed: 3 },
    );
    expect(met).toBeGreaterThan(1_000);
  });
});
