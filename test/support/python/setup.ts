import type { TestProject } from 'vitest/node';
import { pythonEnvironment } from './environment.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Python with the packages of requirements.txt; undefined if this machine has none. */
    python: string | undefined;
  }
}

/** Installs the packages of model cards (300 MB). */
export default async function setUp(project: TestProject): Promise<void> {
  const requirements = new URL('requirements.txt', import.meta.url);
  const what = 'the programs of model cards';
  project.provide('python', await pythonEnvironment('cards', requirements, what));
}
