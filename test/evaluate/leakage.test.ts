import { expect, test } from 'vitest';
import { describeCopies, type Leakage, leakageWarning } from '../../src/evaluate/leakage.ts';
import { sampleMetrics } from '../support/sample-metrics.ts';

test.each([
  [['labeled'], 'a labeled one'],
  [['unlabeled'], 'an unlabeled one'],
  [['labeled', 'unlabeled'], 'a labeled or unlabeled one'],
  [['labeled', 'validation', 'unlabeled'], 'a labeled, validation or unlabeled one'],
])('equal examples in %j', (others, expected) => {
  const text = describeCopies(12, 12, 'test', 'bytes', others);
  expect(text).toBe(`12 of 12 test examples have the bytes of ${expected}`);
});

test('one equal example', () => {
  expect(describeCopies(1, 1200, 'validation', 'values', ['labeled'])).toBe(
    '1 of 1,200 validation examples has the values of a labeled one',
  );
});

const sets = { labeled: 2, validation: 0, unlabeled: 3 };

test('warns with the accuracy on the other test examples', () => {
  const { metrics } = sampleMetrics();
  const { teacher, uniform, weighted } = metrics.models;
  const models = { teacher: teacher!, uniform: uniform!, weighted: weighted! };
  const leakage: Leakage = { examples: 4, of: 10_004, sets, without: { ...metrics, models } };
  expect(leakageWarning(leakage, 'bytes')).toBe(
    '4 of 10,004 test examples have the bytes of a labeled or unlabeled one, so the figures may ' +
      'be too good. Accuracy on the other 10,000: teacher 79.3% (78.4% to 80.2%), uniform 80.1% ' +
      '(79.2% to 81.0%), weighted 81.4% (80.5% to 82.3%). Remove them from test/, or from the ' +
      'other sets.',
  );
});

test('warns if no other test example is left', () => {
  const warning = leakageWarning({ examples: 4, of: 4, sets }, 'values');
  expect(warning).toContain('No other test example is left.');
  expect(warning).toContain('unless they are different cases that happen to be alike');
});
