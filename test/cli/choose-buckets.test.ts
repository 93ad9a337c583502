import { expect, test } from 'vitest';
import { continueWith } from '../../src/cli/choose-buckets.ts';
import { UserError } from '../../src/errors.ts';

const none = { data: undefined, results: undefined };

test('a first deployment has buckets of its own, or those that the user names', () => {
  const kept = { inUse: undefined, kept: none };
  expect(continueWith({}, kept)).toEqual({ settings: {}, notes: [] });
  expect(continueWith({ dataBucket: 'company' }, kept)).toEqual({
    settings: { dataBucket: 'company' },
    notes: ['It uses existing buckets: data in s3://company.'],
  });
});

test('the next one continues with the buckets that the last one has left', () => {
  const kept = { inUse: undefined, kept: { data: 'd', results: 'r' } };
  expect(continueWith({}, kept)).toEqual({
    settings: { dataBucket: 'd', resultsBucket: 'r' },
    notes: ['It uses existing buckets: data in s3://d, results in s3://r.'],
  });
  const { settings } = continueWith({ resultsBucket: 'other' }, kept);
  expect(settings).toEqual({ dataBucket: 'd', resultsBucket: 'other' });
});

test('a deployment keeps its buckets, named or not', () => {
  const kept = { inUse: { data: 'd', results: 'own' }, kept: { ...none, data: 'd' } };
  for (const named of [{}, { dataBucket: 'd' }, { dataBucket: 'd', resultsBucket: 'own' }]) {
    expect(continueWith(named, kept).settings).toEqual({ dataBucket: 'd' });
  }
});

test('a deployment cannot be given another bucket', () => {
  const kept = { inUse: { data: 'd', results: 'own' }, kept: { ...none, data: 'd' } };
  const change = () => continueWith({ resultsBucket: 'other' }, kept);
  expect(change).toThrow('the deployment has its results in own, and --results-bucket is other');
  expect(change).toThrow(UserError);
});
