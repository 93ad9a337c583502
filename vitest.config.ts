import { defineConfig, type UserWorkspaceConfig } from 'vitest/config';
import { refusePackages } from './test/support/refuse-packages.ts';

/**
 * Turns off onnxruntime's telemetry, also in the programs that tests start. Without the variable of
 * npx, messages name commands in the same way however the tests are started.
 */
const env = { ORT_DISABLE_TELEMETRY: '1', npm_command: 'test' };

/** Each worker loads a module once for all of its test files. */
const sharedModules = { isolate: false, setupFiles: ['test/support/shared-modules.ts'] };

/**
 * The projects are what tests need. A file names its project before `.test.ts`: `a.s3.test.ts` is
 * in the project `s3`. A file that names none is a unit test.
 */
const needs = {
  /** TensorFlow, which the set-up downloads and each process loads once. */
  tensorflow: {
    ...sharedModules,
    // Several threads also on a machine with one core: results must not depend on their timing.
    env: { ...env, TF_NUM_INTRAOP_THREADS: '2' },
  },
  /** A process per file: to start others, mostly compiled code in dist/, or to mock modules. */
  process: {},
  /** A local S3 server. */
  s3: { globalSetup: 'test/support/s3/setup.ts' },
  /** Python with the packages that model cards name, and TensorFlow. */
  python: { globalSetup: 'test/support/python/setup.ts' },
  /** Python with moto, an emulator of AWS that enforces permissions. */
  moto: { globalSetup: 'test/support/moto/setup.ts' },
  /** aws-cdk-lib. One process loads it for all files and synthesises each stack once. */
  cdk: { ...sharedModules, maxWorkers: 1, sequence: { groupOrder: 1 } },
  /** The deployed workflow on LocalStack. */
  localstack: { globalSetup: 'test/localstack/setup.ts' },
} satisfies Record<string, UserWorkspaceConfig['test']>;

/** Settings of all projects. */
const common: UserWorkspaceConfig['test'] = {
  env,
  // TensorFlow's state is per process, so that threads cannot have their own.
  pool: 'forks',
  // Two for the processor, and one for the tests on LocalStack, which mostly wait.
  maxWorkers: 3,
  // Unit tests first, then cdk, then all others at once.
  sequence: { groupOrder: 2 },
  // Spies end with their test, also where files share modules.
  restoreMocks: true,
  // A whole workflow takes seconds on an idle machine. Other work must not make its test fail.
  testTimeout: 240_000,
  hookTimeout: 120_000,
};

export default defineConfig({
  test: {
    experimental: { fsModuleCache: true },
    projects: [
      {
        plugins: [refusePackages()],
        test: {
          ...common,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [`test/**/*.{${Object.keys(needs).join()}}.test.ts`],
          ...sharedModules,
          pool: 'threads',
          sequence: { groupOrder: 0 },
          setupFiles: [...sharedModules.setupFiles, 'test/support/refuse-processes.ts'],
        },
      },
      ...Object.entries(needs).map(([name, config]) => ({
        test: {
          ...common,
          name,
          include: [`test/**/*.${name}.test.ts`],
          ...config,
        },
      })),
    ],
  },
});
