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

test('the account of the data bucket goes with it', () => {
  const used = { data: 'd', results: 'own', dataAccount: '210987654321' };
  const kept = { inUse: used, kept: { ...used, results: undefined } };
  const settings = { dataBucket: 'd', dataAccount: '210987654321' };
  expect(continueWith({}, kept).settings).toEqual(settings);
  const none = { inUse: undefined, kept: { data: undefined, results: undefined } };
  expect(continueWith(settings, none).settings).toEqual(settings);
});
