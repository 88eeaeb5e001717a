import { defineConfig } from 'vitest/config';

/** Opt-in: real pages of Debian documentation packages against an independent extractor. `npm run test:e2e`. */
export default defineConfig({
  test: { include: ['test/pages/**/*.test.ts'], testTimeout: 600_000, hookTimeout: 120_000 },
});
