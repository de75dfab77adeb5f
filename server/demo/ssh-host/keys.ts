import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import ssh2 from "ssh2";

export interface Keys {
  readonly hostPrivateFile: string;
  /** `ssh-ed25519 AAAA…` */
  readonly hostPublic: string;
  readonly clientPrivateFile: string;
  readonly clientPublic: string;
}

/** Makes the host's and the gateway's key pairs once. */
export async function ensureKeys(folder: string): Promise<Keys> {
  await mkdir(folder, { recursive: true });
  const host = await ensurePair(path.join(folder, "host"));
  const client = await ensurePair(path.join(folder, "gateway"));
  return { hostPrivateFile: host.file, hostPublic: host.public, clientPrivateFile: client.file, clientPublic: client.public };
}

async function ensurePair(file: string): Promise<{ file: string; public: string }> {
  const existing = await readFile(`${file}.pub`, "utf8").catch(() => null);
  if (existing !== null) return { file, public: existing.trim() };
  const pair = generated();
  await writeFile(file, pair.private, { mode: 0o600 });
  await writeFile(`${file}.pub`, `${pair.public}\n`);
  return { file, public: pair.public };
}

/** Of some hundred pairs that ssh2 makes it cannot read one itself. */
export function generated(make = () => ssh2.utils.generateKeyPairSync("ed25519", { comment: "gatehouse-demo" })) {
  for (;;) {
    const pair = make();
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair;
  }
}

/** `SHA256:…` of a public key line, as `ssh-keygen -l` writes it. */
export function fingerprint(publicKey: string): string {
  const blob = Buffer.from(publicKey.split(" ")[1] ?? "", "base64");
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}
