import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // tfjs-node is a native addon with process-wide state: one process a test file, never threads.
    pool: 'forks',
    maxWorkers: 2,
    // A whole workflow takes seconds alone on two cores; other work beside it must not fail it.
    testTimeout: 240_000,
    hookTimeout: 120_000,
  },
});
