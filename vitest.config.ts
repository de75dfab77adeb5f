import { defineConfig } from "vitest/config";
import { OLDER_SERVERS } from "./test/servers/packages.ts";

const include = (pattern: string) => [pattern];

const onServers = { testTimeout: 120_000, hookTimeout: 120_000, fileParallelism: false };

/** What depends on the server's version: run again on each older one. */
const older = [...OLDER_SERVERS.keys()].map((major) => ({
  test: {
    name: `postgres-${major}`,
    include: include("server/adapter/postgres/*.integration.test.ts"),
    provide: { olderPostgres: major },
    ...onServers,
    fileParallelism: true,
    maxWorkers: 2,
  },
}));

/** `unit` needs nothing; `integration` starts a real PostgreSQL or sshd on loopback; `fences` reads the sources. */
export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: include("server/**/*.test.ts"), exclude: ["server/**/*.integration.test.ts"] } },
      {
        test: {
          name: "integration",
          include: include("server/**/*.integration.test.ts"),
          provide: { olderPostgres: 0 },
          ...onServers,
        },
      },
      ...older,
      { test: { name: "regression", include: include("test/regression/**/*.test.ts") } },
      { test: { name: "components", include: ["components/**/*.test.{ts,tsx}"] } },
      { test: { name: "fences", include: include("test/fences/**/*.test.ts") } },
    ],
  },
});
