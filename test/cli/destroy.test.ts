import { expect, test } from 'vitest';
import { renderDeleted, renderDeletion } from '../../src/cli/destroy.ts';

const buckets = ['data-1', 'results-1'];
const region = 'eu-west-1';
const stacks = ['Counterweight'];

test('data that is kept is named, with the command that deletes it', () => {
  const text = renderDeleted({ name: undefined, region, stacks, buckets, deletesData: false });
  expect(text).toContain('s3://data-1\n');
  expect(text).toContain('counterweight destroy --delete-data');
});

test('data that is deleted is named before', () => {
  const intent = { name: undefined, region, stacks, buckets, deletesData: true };
  expect(renderDeletion(intent)).toContain('the stack Counterweight\n');
  expect(renderDeletion(intent)).toContain('s3://results-1 and everything in it');
  expect(renderDeleted(intent)).toContain('All data is deleted.');
  const before = renderDeletion({ ...intent, deletesData: false });
  expect(before).not.toContain('results-1');
});

test('what is left of a deployment can be deleted later', () => {
  const intent = { name: undefined, region, stacks: [], buckets, deletesData: true };
  expect(renderDeletion(intent)).not.toContain('stack');
  expect(renderDeleted({ ...intent, deletesData: false })).toMatch(/^The data is kept/);
  expect(renderDeleted({ ...intent, buckets: [] })).toMatch(/^counterweight is not deployed/);
  const blue = renderDeleted({ ...intent, name: 'blue', buckets: [] });
  expect(blue).toBe('there is no deployment blue in eu-west-1');
});
