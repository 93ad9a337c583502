import { defineConfig, type UserWorkspaceConfig } from 'vitest/config';
import { refusePackages } from './test/support/refuse-packages.ts';

/**
 * The projects are what tests need. A file names its project before `.test.ts`: `a.s3.test.ts` is
 * in the project `s3`. A file that names none is a unit test.
 */
const needs = {
  /** tfjs-node: the set-up downloads TensorFlow. */
  tensorflow: {},
  /** Other processes, most of them the compiled command in dist/. */
  process: {},
  /** A local S3 server. */
  s3: { globalSetup: 'test/support/s3/setup.ts' },
  /** aws-cdk-lib, which one process loads for all files, and each stack is synthesised once. */
  cdk: { isolate: false, maxWorkers: 1, sequence: { groupOrder: 1 } },
  /** The deployed workflow on LocalStack, which the set-up starts. */
  localstack: { globalSetup: 'test/localstack/setup.ts' },
} satisfies Record<string, UserWorkspaceConfig['test']>;

/** Settings of all projects. */
const common: UserWorkspaceConfig['test'] = {
  // onnxruntime sends telemetry otherwise, also from the Python and Node programs that tests start.
  env: { ORT_DISABLE_TELEMETRY: '1' },
  // Two cores, and the tests on LocalStack, which mostly wait.
  maxWorkers: 3,
  sequence: { groupOrder: 2 },
  // A whole workflow takes seconds alone on two cores; other work on the machine must not fail it.
  testTimeout: 240_000,
  hookTimeout: 120_000,
};

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [refusePackages()],
        test: {
          ...common,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [`test/**/*.{${Object.keys(needs).join()}}.test.ts`],
          // Unit tests are cheap because modules are loaded once per thread, not once per file.
          pool: 'threads',
          isolate: false,
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
          setupFiles: 'test/support/refuse-processes.ts',
        },
      },
      ...Object.entries(needs).map(([name, config]) => ({
        test: {
          ...common,
          name,
          include: [`test/**/*.${name}.test.ts`],
          // tfjs-node is a native addon with process-wide state: one process per test file.
          pool: 'forks' as const,
          ...config,
        },
      })),
    ],
  },
});
