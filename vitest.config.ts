import { defineConfig } from "vitest/config"

/** Fast tests need nothing but Node; integration tests use real processes, models and devices. */
export default defineConfig({
  test: {
    projects: [
      {
        resolve: { conditions: ["development"] },
        test: {
          name: "fast",
          include: ["tests/**/*.test.ts"],
          exclude: ["tests/integration/**"],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "integration",
          include: ["tests/integration/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
