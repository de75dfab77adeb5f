import type { Client, SFTPWrapper, Stats } from "ssh2";
import type { FileEntry, FileState, FileUpload } from "../../gateway/ports.ts";

const TIMEOUT_MS = 5_000;
const MOST_ENTRIES = 2_000;
const MOST_NAMES = 20_000;
/** Servers have to take packets of 32 kB. */
const PORTION = 32_000;
/** Names of uploads that are under way. */
const LEFT = /^\.gatehouse-[0-9a-f]{16}$/;
const LEFT_MS = 24 * 3_600_000;

/** Questions about the host's file system, over SFTP: no program of the target runs. */
export class Files {
  readonly #client: Client;
  readonly #now: () => number;
  #session: Promise<SFTPWrapper> | null = null;

  constructor(client: Client, now: () => number) {
    this.#client = client;
    this.#now = now;
  }

  async realpath(path: string): Promise<string | null> {
    const found = await this.#ask<string>((sftp, answer) => sftp.realpath(path, answer));
    // The server names a place for what does not exist, too.
    return found !== null && (await this.#ask((sftp, answer) => sftp.stat(found, answer))) !== null ? found : null;
  }

  async isDirectory(path: string): Promise<boolean> {
    const found = await this.#ask<{ isDirectory(): boolean }>((sftp, answer) => sftp.stat(path, answer));
    return found?.isDirectory() ?? false;
  }

  async list(path: string): Promise<readonly string[]> {
    const found = await this.#ask<readonly { filename: string; attrs: { isDirectory(): boolean; isSymbolicLink(): boolean } }[]>(
      (sftp, answer) => sftp.readdir(path, answer),
    );
    const names = (found ?? []).filter(({ filename }) => filename !== "." && filename !== "..");
    const shown = await Promise.all(
      names.slice(0, 2_000).map(async ({ filename, attrs }) => {
        const folder = attrs.isDirectory() || (attrs.isSymbolicLink() && (await this.isDirectory(`${path}/${filename}`)));
        return folder ? `${filename}/` : filename;
      }),
    );
    return shown.sort();
  }

  async names(path: string): Promise<readonly string[]> {
    const found = await this.#ask<readonly { filename: string }[]>((sftp, answer) => sftp.readdir(path, answer));
    return (found ?? []).slice(0, MOST_NAMES).flatMap(({ filename }) => (/^\.\.?$/.test(filename) ? [] : [filename]));
  }

  async entries(path: string): Promise<readonly FileEntry[] | null> {
    const found = await this.#ask<readonly { filename: string; attrs: Stats }[]>((sftp, answer) => sftp.readdir(path, answer));
    if (found === null) return null;
    const names = found.filter(({ filename }) => filename !== "." && filename !== "..").slice(0, MOST_ENTRIES);
    return Promise.all(
      names.map(async ({ filename: name, attrs }) => {
        const own = attrs.isSymbolicLink() ? await this.stat(`${path === "/" ? "" : path}/${name}`) : stateOf(attrs);
        return { name, ...(own ?? { kind: "other", size: 0, modifiedAt: 0 }) };
      }),
    );
  }

  async stat(path: string): Promise<FileState | null> {
    const found = await this.#ask<Stats>((sftp, answer) => sftp.stat(path, answer));
    return found === null ? null : stateOf(found);
  }

  async *read(path: string, { from = 0, most }: { readonly from?: number; readonly most?: number }): AsyncIterable<Uint8Array> {
    const sftp = await this.#needed();
    const end = most === undefined ? {} : { end: from + most - 1 };
    const stream = sftp.createReadStream(path, { highWaterMark: PORTION, start: from, ...end });
    try {
      for await (const chunk of stream) yield chunk as Uint8Array;
    } catch (error) {
      throw new Error(`the host did not let \`${path}\` be read: ${reason(error)}`, { cause: error });
    } finally {
      stream.destroy();
    }
  }

  /** Written beside its place under another name, which takes its place at the end. */
  async write(path: string, nonce: string): Promise<FileUpload> {
    const sftp = await this.#needed();
    const beside = `${path.slice(0, path.lastIndexOf("/") + 1)}.gatehouse-${nonce}`;
    const told = async <T>(work: (answer: (error: Error | undefined | null, value: T) => void) => void): Promise<T> => {
      try {
        return await new Promise<T>((resolve, reject) => {
          work((error, value) => (error === undefined || error === null ? resolve(value) : reject(error)));
        });
      } catch (error) {
        throw new Error(`the host did not let \`${path}\` be written: ${reason(error)}`, { cause: error });
      }
    };
    const present = await this.#ask<Stats>((asked, answer) => asked.stat(path, answer));
    await this.#sweep(path.slice(0, path.lastIndexOf("/") + 1));
    const handle = await told<Buffer>((answer) => sftp.open(beside, "wx", answer));
    let at = 0;
    const discard = () => this.#ask<undefined>((asked, answer) => asked.unlink(beside, (error) => answer(error, undefined)));
    return {
      append: async (bytes) => {
        for (let from = 0; from < bytes.length; from += PORTION) {
          const part = Buffer.from(bytes.subarray(from, from + PORTION));
          await told<undefined>((answer) => sftp.write(handle, part, 0, part.length, at, (error) => answer(error, undefined)));
          at += part.length;
        }
      },
      finish: async () => {
        try {
          if (present !== null)
            await told<undefined>((answer) =>
              sftp.fsetstat(handle, { mode: present.mode & 0o7777 }, (error) => answer(error, undefined)),
            );
          await told<undefined>((answer) => sftp.close(handle, (error) => answer(error, undefined)));
          await told<undefined>((answer) => sftp.ext_openssh_rename(beside, path, (error) => answer(error, undefined)));
        } catch (error) {
          await discard();
          throw error;
        }
      },
      abort: async () => {
        await this.#ask<undefined>((asked, answer) => asked.close(handle, (error) => answer(error, undefined)));
        await discard();
      },
    };
  }

  /** What uploads have left that were cut off with their connection, a day ago or longer. */
  async #sweep(folder: string): Promise<void> {
    const found = await this.#ask<readonly { filename: string; attrs: Stats }[]>((asked, answer) =>
      asked.readdir(folder, answer),
    );
    const old = (found ?? []).filter(
      ({ filename, attrs }) => LEFT.test(filename) && attrs.isFile() && attrs.mtime * 1_000 < this.#now() - LEFT_MS,
    );
    for (const { filename } of old)
      await this.#ask<undefined>((asked, answer) => asked.unlink(folder + filename, (error) => answer(error, undefined)));
  }

  async #needed(): Promise<SFTPWrapper> {
    const sftp = await this.#open();
    if (sftp === null) throw new Error("the host offers no file transfer (its sshd has no `sftp` subsystem)");
    return sftp;
  }

  /** Null: no, for whatever reason. */
  async #ask<T>(
    question: (sftp: SFTPWrapper, answer: (error: Error | undefined | null, value: T) => void) => void,
  ): Promise<T | null> {
    const sftp = await this.#open();
    if (sftp === null) return null;
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(null), TIMEOUT_MS);
      question(sftp, (error, value) => {
        clearTimeout(timer);
        resolve(error === undefined || error === null ? value : null);
      });
    });
  }

  async #open(): Promise<SFTPWrapper | null> {
    this.#session ??= new Promise<SFTPWrapper>((resolve, reject) => {
      this.#client.sftp((error, sftp) => {
        if (error !== undefined) {
          reject(error);
          return;
        }
        sftp.on("close", () => {
          this.#session = null;
        });
        sftp.on("error", () => undefined);
        resolve(sftp);
      });
    });
    return this.#session.catch(() => {
      this.#session = null;
      return null;
    });
  }
}

function stateOf(stats: Stats): FileState {
  const kind = stats.isFile() ? "file" : stats.isDirectory() ? "folder" : "other";
  return { kind, size: stats.size, modifiedAt: stats.mtime * 1_000 };
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
