import { expect, test } from 'vitest';
import { renderStart } from '../../src/cli/start.ts';

test.each([
  [{ state: 'started', attempt: 1 }, /^Started run r\.\nNext: counterweight status r --watch$/],
  [{ state: 'started', attempt: 2 }, /^Started run r: attempt 2, which resumes the run/],
  [{ state: 'running', attempt: 1 }, /is running already\.\nNext: counterweight status r --watch$/],
  [{ state: 'done', attempt: 3 }, /is done already\.\nNext: counterweight fetch r$/],
  [{ state: 'started', attempt: 1, until: 'labels' }, /^Started run r, which ends with its labels/],
  [
    { state: 'running', attempt: 1, until: 'labels' },
    /is running already, and ends with its labels\.\nNext: .*--watch, then counterweight start r again$/,
  ],
] as const)('%j', (outcome, text) => {
  expect(renderStart('r', outcome)).toMatch(text);
});

test('labels that are done can be fetched', () => {
  expect(renderStart('r', { state: 'done', attempt: 1 }, false)).toBe(
    'The labels of run r are done already.\nNext: counterweight fetch r --labels',
  );
});
