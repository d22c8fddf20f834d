import { defineConfig } from "vitest/config";

// Packages resolve to their sources, so that tests run without a build.
const resolve = { conditions: ["source", "node", "import", "default"] };
const ssr = { resolve };

// The gate adds up what each run reports; a person reads the default report alone.
const resultsDirectory = process.env.TEST_RESULTS_DIR;
const json =
  resultsDirectory === undefined ? [] : [["json", { outputFile: `${resultsDirectory}/${process.pid}.json` }]];

export default defineConfig({
  test: {
    reporters: ["default", ...json],
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: "unit",
          include: [
            "packages/**/src/**/*.test.ts",
            "services/**/src/**/*.test.ts",
            "test/repository/*.test.ts",
            "test/fuzz/*.test.ts",
          ],
          testTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
