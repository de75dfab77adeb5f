import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { SecretReference } from "../../core/domain/configuration.ts";
import type { SecretStore } from "../../gateway/ports.ts";

/** A credential that cannot be had. The text names the reference, never a value. */
export class SecretError extends Error {
  readonly code = "secret";
}

const SEALED = /^v1\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;

/** `own`: names of variables that are the gateway's own and that no target's credential may read. */
export function createSecretStore(
  environment: Readonly<Record<string, string | undefined>>,
  own: RegExp,
  key: Buffer,
): SecretStore {
  return {
    resolve: async (reference) => {
      if ("env" in reference) return fromEnvironment(environment, own, reference.env);
      if ("file" in reference) return fromFile(reference.file);
      return open(reference.sealed, key);
    },
  };
}

function fromEnvironment(environment: Readonly<Record<string, string | undefined>>, own: RegExp, name: string): string {
  if (own.test(name))
    throw new SecretError(`environment variable \`${name}\` is Gatehouse's own and cannot be a target's credential`);
  const value = environment[name];
  if (value === undefined || value === "")
    throw new SecretError(`environment variable \`${name}\` is not set where Gatehouse runs; set it and try again`);
  return value;
}

async function fromFile(path: string): Promise<string> {
  try {
    return (await readFile(path, "utf8")).replace(/\r?\n$/, "");
  } catch (error) {
    const why = error instanceof Error && "code" in error && error.code === "ENOENT" ? "is not there" : "cannot be read";
    throw new SecretError(`credential file \`${path}\` ${why}; paths are relative to the folder that Gatehouse was started in`, {
      cause: error,
    });
  }
}

/** AES-256-GCM: `v1.nonce.box.tag`, each in base64url. */
export function seal(value: string, key: Buffer): SecretReference {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const box = Buffer.concat([cipher.update(value, "utf8"), cipher.final()]);
  return {
    sealed: ["v1", nonce.toString("base64url"), box.toString("base64url"), cipher.getAuthTag().toString("base64url")].join("."),
  };
}

function open(sealed: string, key: Buffer): string {
  const [, nonce, box, tag] = SEALED.exec(sealed) ?? [];
  if (nonce === undefined || box === undefined || tag === undefined)
    throw new SecretError("a sealed credential is not of the form `v1.…`");
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64url"));
    decipher.setAuthTag(Buffer.from(tag, "base64url"));
    return Buffer.concat([decipher.update(Buffer.from(box, "base64url")), decipher.final()]).toString("utf8");
  } catch (error) {
    throw new SecretError("a sealed credential cannot be opened: it was sealed with another GATEHOUSE_SECRET", { cause: error });
  }
}
