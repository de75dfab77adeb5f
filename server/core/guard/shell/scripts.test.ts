import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { forEachChild, type ParsedScript, parse, type SyntaxNode } from "unbash";
import { describe, expect, test } from "vitest";
import { MAX_BYTES, read } from "./read.ts";

/**
 * SG-33: scripts that nobody here wrote. A script that `bash -n` accepts is parsed or refused; where it is parsed, its
 * commands are those of the same script printed back by bash (`declare -f` of a function around it, which is never called).
 */
const FOLDERS = ["/etc", "/usr/bin", "/usr/sbin", "/usr/share", "/usr/lib"];
const MOST = 250;

function* scripts(folder: string, depth = 0): Generator<string> {
  let names: string[];
  try {
    names = readdirSync(folder).sort();
  } catch {
    return;
  }
  for (const name of names) {
    const file = path.join(folder, name);
    const state = lstatSync(file, { throwIfNoEntry: false });
    if (state?.isDirectory() && depth < 6) yield* scripts(file, depth + 1);
    else if (state?.isFile() && state.size < 60_000 && (state.mode & 0o111 || /\.sh$/.test(name))) yield file;
  }
}

function isScript(text: string): boolean {
  return /^#!\s*\/(usr\/)?bin\/(env )?(ba|da)?sh\b/.test(text);
}

/** Bash without programs, files or start-up files; the text is only read. */
function bash(options: readonly string[], text: string): { status: number | null; stdout: string; stderr: string } {
  const asNobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  return spawnSync("/bin/bash", ["--noprofile", "--norc", "-r", ...options], {
    input: text,
    encoding: "utf8",
    env: { NODE_ENV: "test", PATH: "/nonexistent", LC_ALL: "C.UTF-8" },
    timeout: 5_000,
    cwd: "/",
    ...asNobody,
  });
}

/** The literal first words of all commands, nested ones too, in no order: here-documents move when bash prints. */
function commands(script: ParsedScript): readonly string[] {
  const names: string[] = [];
  const look = (node: SyntaxNode): void => {
    if (node.type === "Command" && node.name !== undefined && /^[\w./:[-]+$/.test(node.name.text)) names.push(node.name.text);
    forEachChild(node, look);
  };
  look(script);
  return names.sort();
}

describe.skipIf(!existsSync("/bin/bash"))("SG-33 scripts of the machine", () => {
  test("what bash accepts is parsed as bash has it, or refused", { timeout: 180_000 }, () => {
    const counts = { accepted: 0, parsed: 0, long: 0, refused: 0, compared: 0 };
    const refusals: string[] = [];
    const wrong: string[] = [];
    for (const file of FOLDERS.flatMap((folder) => [...scripts(folder)])) {
      if (counts.accepted >= MOST) break;
      const text = readFileSync(file, "utf8");
      if (!isScript(text) || bash(["-n"], text).status !== 0) continue;
      counts.accepted++;
      const result = read(text);
      if ("refusal" in result) {
        if (Buffer.byteLength(text) > MAX_BYTES) counts.long++;
        else {
          counts.refused++;
          refusals.push(`${file}: ${result.refusal.message}`);
        }
        continue;
      }
      counts.parsed++;
      const printed = bash([], `gatehouse_f() {\n${text}\n}\ndeclare -f gatehouse_f\n`);
      if (printed.status !== 0 || printed.stderr !== "" || !printed.stdout.startsWith("gatehouse_f ()")) continue;
      const own = commands(result.script);
      const again = commands(parse(printed.stdout));
      counts.compared++;
      if (JSON.stringify(own) !== JSON.stringify(again)) {
        const missing = again.filter((name) => !own.includes(name));
        wrong.push(`${file}: ${own.length} and ${again.length} commands, of which the guard has not ${missing.join(" ")}`);
      }
    }
    expect(wrong, JSON.stringify(counts)).toEqual([]);
    expect(counts.refused, refusals.join("\n")).toBeLessThanOrEqual(counts.accepted * 0.05);
    if (counts.accepted >= 20) expect(counts.compared).toBeGreaterThan(counts.parsed * 0.9);
  });
});
