import { expect, test } from 'vitest';
import { renderDeleted, renderDeletion } from '../../src/cli/destroy.ts';

const created = ['data-1', 'results-1'];
const foreign: string[] = [];
const region = 'eu-west-1';
const stacks = ['Counterweight'];

test('data that is kept is named, with the command that deletes it', () => {
  const text = renderDeleted({
    name: undefined,
    region,
    stacks,
    created,
    foreign,
    deletesData: false,
  });
  expect(text).toContain('s3://data-1\n');
  expect(text).toContain('counterweight destroy --delete-data');
});

test('data that is deleted is named before', () => {
  const intent = { name: undefined, region, stacks, created, foreign, deletesData: true };
  expect(renderDeletion(intent)).toContain('the stack Counterweight\n');
  expect(renderDeletion(intent)).toContain('s3://results-1 and everything in it');
  expect(renderDeleted(intent)).toContain('All data in its buckets is deleted.');
  const before = renderDeletion({ ...intent, deletesData: false });
  expect(before).not.toContain('results-1');
});

test('what is left of a deployment can be deleted later', () => {
  const intent = { name: undefined, region, stacks: [], created, foreign, deletesData: true };
  expect(renderDeletion(intent)).not.toContain('stack');
  expect(renderDeleted({ ...intent, deletesData: false })).toMatch(/^The data is kept/);
  expect(renderDeleted({ ...intent, created: [] })).toMatch(/^counterweight is not deployed/);
  const blue = renderDeleted({ ...intent, name: 'blue', created: [] });
  expect(blue).toBe('there is no deployment blue in eu-west-1');
});

test('buckets that the deployment has not created are never deleted', () => {
  const intent = { name: undefined, region, stacks, created, foreign: ['company-data'] };
  expect(renderDeletion({ ...intent, deletesData: true })).not.toContain('company-data');
  const text = renderDeleted({ ...intent, deletesData: true });
  expect(text).toContain('The data is kept:\n  s3://company-data\n');
  expect(text).toContain('This deployment has not created company-data: delete it yourself.');
});
