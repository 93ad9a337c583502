import { expect, test } from 'vitest';
import { renderIntent, renderOutcome } from '../../src/cli/destroy.ts';

const buckets = ['data-1', 'results-1'];
const region = 'eu-west-1';
const stacks = ['Counterweight'];

test('data that stays is named, with the command that deletes it', () => {
  const text = renderOutcome({ region, stacks, buckets, deletesData: false });
  expect(text).toContain('s3://data-1\n');
  expect(text).toContain('counterweight destroy --delete-data');
});

test('data that is deleted is named before', () => {
  const intent = { region, stacks, buckets, deletesData: true };
  expect(renderIntent(intent)).toContain('the stack Counterweight\n');
  expect(renderIntent(intent)).toContain('s3://results-1 and everything in it');
  expect(renderOutcome(intent)).toContain('All data is deleted.');
  const before = renderIntent({ ...intent, deletesData: false });
  expect(before).not.toContain('results-1');
});

test('what is left of a deployment can be deleted later', () => {
  const intent = { region, stacks: [], buckets, deletesData: true };
  expect(renderIntent(intent)).not.toContain('stack');
  expect(renderOutcome({ ...intent, deletesData: false })).toMatch(/^The data stays/);
  expect(renderOutcome({ ...intent, buckets: [] })).toMatch(/^There is nothing/);
});
