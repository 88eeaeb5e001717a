import { defineConfig } from 'vitest/config';

/** The console in a browser, on the embedded stack: `npm run test:console`. The steps build on each other. */
export default defineConfig({
  test: { include: ['console/walk/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 120_000, bail: 1 },
});
