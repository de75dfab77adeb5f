import { defineConfig } from "vitest/config";

const include = (pattern: string) => [pattern];

/** `unit` needs nothing; `integration` starts a real PostgreSQL or sshd on loopback; `fences` reads the sources. */
export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: include("server/**/*.test.ts"), exclude: ["server/**/*.integration.test.ts"] } },
      {
        test: {
          name: "integration",
          include: include("server/**/*.integration.test.ts"),
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      { test: { name: "components", include: ["components/**/*.test.{ts,tsx}"] } },
      { test: { name: "fences", include: include("test/fences/**/*.test.ts") } },
    ],
  },
});
