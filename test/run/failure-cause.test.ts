import { expect, test } from 'vitest';
import { parseCause } from '../../src/run/failure-cause.ts';

const lambda = (errorMessage: string) => JSON.stringify({ errorType: 'Error', errorMessage });
const job = (container: object) =>
  JSON.stringify({
    JobName: 'digits-a1-weighted',
    Status: 'FAILED',
    StatusReason: 'Essential container in task exited',
    Container: { Image: 'i', LogStreamName: 'train/default/1', ...container },
  });
const killed = 'RequestId: 8f1c0f6e-1111-4222-8333-444455556661 Error: Runtime exited';

test.each([
  ['of a stage', lambda('Warm up: too few labels'), 'Warm up', 'too few labels', undefined],
  ['with a hint', lambda('Plan: no\nconfig\n\nPut\n\none.'), 'Plan', 'no\nconfig', 'Put\n\none.'],
  ['of the embedded engine', 'Label: no: such shard', 'Label', 'no: such shard', undefined],
  ['of Lambda itself', lambda(killed), undefined, killed, undefined],
  [
    'of Step Functions',
    'the state ran out of time',
    undefined,
    'the state ran out of time',
    undefined,
  ],
  [
    'of AWS Batch',
    job({ ExitCode: 137, Reason: 'OutOfMemoryError: Container killed due to memory usage' }),
    undefined,
    'Essential container in task exited, OutOfMemoryError: Container killed due to memory usage, exit code 137',
    undefined,
  ],
  ['that is other JSON', '{"a":1}', undefined, '{"a":1}', undefined],
  ['that is an object', { a: 1 }, undefined, '{"a":1}', undefined],
  ['that is missing', undefined, undefined, 'no cause was given', undefined],
])('a cause %s is taken apart', (_, cause, stage, message, hint) => {
  expect(parseCause(cause)).toEqual({ stage, message, hint });
});
