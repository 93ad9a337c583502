import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A results folder that goes away after the test. */
export function makeResults() {
  const path = mkdtempSync(join(tmpdir(), 'counterweight-results-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return {
    path,
    failure: (run: string) =>
      JSON.parse(readFileSync(join(path, 'runs', run, 'failure.json'), 'utf8')),
  };
}
