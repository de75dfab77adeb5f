import { hkdfSync, randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The keys of one installation, each derived for its own purpose, so that one that leaks says nothing of the others. */
export interface Keys {
  /** Signs session cookies. */
  readonly session: string;
  /** Of the pseudonym mask. */
  readonly mask: string;
  /** Ed25519 seed that signs checkpoints, 32 bytes. */
  readonly checkpoint: Buffer;
  /** Opens sealed credentials, 32 bytes. */
  readonly seal: Buffer;
  /** The development identity provider's client secret. */
  readonly client: string;
}

export function deriveKeys(secret: string): Keys {
  const derive = (purpose: string): Buffer => Buffer.from(hkdfSync("sha256", secret, "gatehouse", purpose, 32));
  return {
    session: derive("session").toString("base64url"),
    mask: derive("mask").toString("hex"),
    checkpoint: derive("checkpoint"),
    seal: derive("seal"),
    client: derive("client").toString("base64url"),
  };
}

/** The secret of the data folder, made when it is not there. */
export async function keptSecret(folder: string): Promise<string> {
  const file = join(folder, "secret");
  await mkdir(folder, { recursive: true });
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
  try {
    await writeFile(file, `${randomBytes(48).toString("base64")}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  return (await readFile(file, "utf8")).trim();
}
