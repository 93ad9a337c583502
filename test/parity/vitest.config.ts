/** `npm run parity`: compares exported students with their own answers, in every runtime. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.parity.ts'],
    env: { ORT_DISABLE_TELEMETRY: '1', TF_CPP_MIN_LOG_LEVEL: '2' },
    pool: 'forks',
    // Networks for photos take an hour in a browser without a GPU.
    testTimeout: 3 * 3_600_000,
    hookTimeout: 60_000,
  },
});
