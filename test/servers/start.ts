import { inject } from "vitest";
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from "../../server/demo/embedded-postgres.ts";
import { serverPackage } from "./packages.ts";

/** The server that a test project is about; vitest.config.ts gives each its major version. */
declare module "vitest" {
  interface ProvidedContext {
    /** Zero: the installed one, which is the newest that is known. */
    readonly olderPostgres: number;
  }
}

/** Zero: the installed server. */
export const OLDER_POSTGRES = inject("olderPostgres");

/** A version that the test is about has at least this major number. */
export function serverHas(major: number): boolean {
  return OLDER_POSTGRES === 0 || OLDER_POSTGRES >= major;
}

export async function startServer(options: Omit<EmbeddedPostgresOptions, "package">): Promise<EmbeddedPostgres> {
  if (OLDER_POSTGRES === 0) return startEmbeddedPostgres(options);
  return startEmbeddedPostgres({ ...options, package: await serverPackage(OLDER_POSTGRES) });
}
