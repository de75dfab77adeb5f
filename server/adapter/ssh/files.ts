import type { Client, SFTPWrapper } from "ssh2";

const TIMEOUT_MS = 5_000;

/** Questions about the host's file system, over SFTP: no program of the target runs. */
export class Files {
  readonly #client: Client;
  #session: Promise<SFTPWrapper> | null = null;

  constructor(client: Client) {
    this.#client = client;
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
