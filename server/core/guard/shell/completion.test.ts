import { describe, expect, test } from "vitest";
import { wantedAt, written } from "./completion.ts";

describe("what a word may become", () => {
  test.each([
    ["", "", ["program", "path"]],
    ["sys", "sys", ["program", "path"]],
    ["ls; gi", "gi", ["program", "path"]],
    ["cat x | gr", "gr", ["program", "path"]],
    ["echo $(gi", "gi", ["program", "path"]],
    ["if tes", "tes", ["program", "path"]],
    ["LANG=C jou", "jou", ["program", "path"]],
    ["sudo -u root sys", "sys", ["program", "path"]],
    ["sudo -u ro", "ro", ["path"]],
    ["timeout 5 sys", "sys", ["program", "path"]],
    ["timeout 5", "5", ["path"]],
    ["./bin/r", "./bin/r", ["path"]],
    ["ls /va", "/va", ["path"]],
    ["cat 'a b/c", "a b/c", ["path"]],
    ["cat a\\ b/c", "a b/c", ["path"]],
    ["cat < lo", "lo", ["path"]],
    ["systemctl restart <x sho", "sho", ["unit", "path"]],
    ["systemctl restart sho", "sho", ["unit", "path"]],
    ["systemctl --no-pager -n 5 status sho", "sho", ["unit", "path"]],
    ["sudo systemctl stop sho", "sho", ["unit", "path"]],
    ["journalctl -u sho", "sho", ["unit"]],
    ["journalctl --unit=sho", "sho", ["unit"]],
    ["journalctl -f -n 20 -u ", "", ["unit"]],
    ["git checkout ma", "ma", ["revision", "path"]],
    ["git log --oneline re", "re", ["revision", "path"]],
    ["git add sr", "sr", ["path"]],
    ["docker logs -f we", "we", ["container", "path"]],
    ["can systemctl restart sho", "sho", ["unit", "path"]],
    ["unknown-program x", "x", ["path"]],
  ] as const)("`%s`", (before, start, ask) => {
    expect(wantedAt(before)).toMatchObject({ start, ask });
  });

  test.each([
    ["systemctl rest", ["restart"], ["shop"]],
    ["git ch", ["checkout", "cherry-pick", "cherry"], ["restart"]],
    ["git -C /srv/app st", ["status", "stash"], []],
    ["docker compose p", ["ps"], ["images ls"]],
    ["docker ", ["ps", "logs", "exec", "restart"], []],
    ["tail --f", ["--follow"], ["--bytes"]],
    ["journalctl --un", ["--unit="], []],
    ["pus", ["pushd"], ["popd"]],
  ] as const)("words that `%s` may become", (before, some, none) => {
    const wanted = wantedAt(before);
    const words = (wanted?.words ?? []).filter((word) => word.startsWith(wanted?.start ?? ""));
    expect(words).toEqual(expect.arrayContaining([...some]));
    for (const word of none) expect(words).not.toContain(word);
  });

  test.each(["echo $HO", "ls # comm", "echo `da${x", `echo ${"x".repeat(5_000)}`])("nothing for `%s`", (before) => {
    expect(wantedAt(before)).toBeNull();
  });

  test.each([
    ["plain-name.txt", "", "plain-name.txt"],
    ["a b", "", "a\\ b"],
    ["a$(id)`id`;x", "", "a\\$\\(id\\)\\`id\\`\\;x"],
    ["a b", "'", "a b"],
    ["it's", "'", null],
    ["a$b", '"', null],
    ["a\nb", "", null],
    ["a\u202eb", "", null],
    ["müller", "", "müller"],
  ] as const)("the name `%s` after %s is written so that the shell reads it", (name, quote, text) => {
    expect(written(name, quote)).toBe(text);
  });
});
