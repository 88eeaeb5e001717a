import { defineConfig } from 'vitest/config';

/** The tests that must pass everywhere. Opt-in suites against real pages have their own configuration. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'console/test/**/*.test.ts'],
    exclude: ['test/pages/**'],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
