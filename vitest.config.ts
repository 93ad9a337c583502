import { defineConfig } from 'vitest/config';

/** tfjs-node is a native addon with process-wide state: one process a test file, never threads. */
const pool = 'forks';

/** onnxruntime sends telemetry otherwise, also from the Python and Node programs that tests start. */
const env = { ORT_DISABLE_TELEMETRY: '1' };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'here',
          include: ['test/**/*.test.ts'],
          exclude: ['test/localstack/**'],
          pool,
          env,
          maxWorkers: 2,
          // A whole workflow takes seconds alone on two cores; other work beside it must not fail it.
          testTimeout: 240_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          // On the deployed workflow, which the set-up puts on LocalStack.
          name: 'localstack',
          include: ['test/localstack/*.test.ts'],
          globalSetup: 'test/localstack/setup.ts',
          pool,
          env,
          maxWorkers: 1,
          testTimeout: 240_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
