import type { TestProject } from 'vitest/node';
import { pythonEnvironment } from '../python/environment.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Python with moto; undefined if this machine has no suitable Python. */
    moto: string | undefined;
  }
}

/** Installs moto (130 MB). */
export default async function setUp(project: TestProject): Promise<void> {
  const requirements = new URL('requirements.txt', import.meta.url);
  project.provide('moto', await pythonEnvironment('moto', requirements, 'enforced permissions'));
}
