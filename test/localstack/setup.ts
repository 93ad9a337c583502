import type { TestProject } from 'vitest/node';
import { deploy } from '../../infra/localstack/deploy.ts';
import { availability, startLocalStack } from '../../infra/localstack/localstack.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The environment that sends every AWS tool to LocalStack; undefined: there is none here. */
    localstack: Record<string, string> | undefined;
  }
}

/** Starts LocalStack once for all test files, with the workflow deployed to it. */
export default async function setUp(project: TestProject): Promise<(() => Promise<void>) | void> {
  const found = availability();
  if (found.kind === 'none') {
    console.warn(`Skipped: the tests on LocalStack. ${found.reason}`);
    project.provide('localstack', undefined);
    return;
  }
  const localstack = await startLocalStack();
  try {
    // With the sweep, which is off by default.
    await deploy(localstack, { args: ['--context', 'sweepMinutes=1'] });
  } catch (error) {
    await localstack.stop();
    throw error;
  }
  project.provide('localstack', localstack.env);
  return () => localstack.stop();
}
