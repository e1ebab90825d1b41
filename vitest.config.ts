import { defineConfig } from "vitest/config"

// Sources run as they are: packages resolve to each other's `src` through the `authchemy-source` condition.
const source = { conditions: ["authchemy-source"] }
const shared = {
  resolve: source,
  ssr: { resolve: { ...source, externalConditions: ["authchemy-source"] } },
}

export default defineConfig({
  test: {
    projects: [
      {
        ...shared,
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts"],
          globalSetup: ["./e2e/start-redis.ts", "./e2e/start-postgres.ts"],
          testTimeout: 20_000,
        },
      },
      {
        ...shared,
        test: {
          name: "e2e",
          include: ["e2e/**/*.test.ts"],
          globalSetup: ["./e2e/start-redis.ts", "./e2e/start-postgres.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // What is waited for comes from other processes, whose logs are written together, within a second.
          expect: { poll: { timeout: 10_000 } },
        },
      },
    ],
  },
})
