import { describe, expect, test } from 'vitest';
import { parseCause } from '../../src/run/failure-cause.ts';
import { describeFailure } from '../../src/run/failure-file.ts';

const id = '8f1c0f6e-1111-4222-8333-444455556661';
const ofLambda = (errorMessage: string) => JSON.stringify({ errorMessage });
const exited = (how: string) =>
  ofLambda(`RequestId: ${id} Error: Runtime exited with error: ${how}`);
const timedOut = ofLambda(`RequestId: ${id} Error: Task timed out after 900.00 seconds`);
const unknown = `The cause could not be determined because Lambda did not return an error type. Returned payload: {"errorMessage":"2026-11-25T12:00:00.000Z ${id} Task timed out after 900.00 seconds"}`;
const job = (container: object) =>
  JSON.stringify({ StatusReason: 'Essential container in task exited', Container: container });
const killed = { ExitCode: 137, Reason: 'OutOfMemoryError: Container killed due to memory usage' };

const explain = (error: string, cause?: string) =>
  describeFailure({ run: 'digits-1', execution: 'e' }, error, parseCause(cause));
const memory = /^A smaller batchSize .* data\.shardMiB in Encode, Label and Weigh\. Results so far/;
const time = /^If this happens again, reduce its work: data\.shardMiB .* Results so far are kept: /;

describe('a failure of the platform has its reason and what to do', () => {
  test.each([
    [
      'Runtime.ExitError',
      exited('signal: killed'),
      /^the function ran out of memory \(Req/,
      memory,
    ],
    ['Runtime.OutOfMemory', exited('signal: killed'), /^the function ran out of memory/, memory],
    ['Runtime.ExitError', exited('exit status 137'), /^the function ran out of memory/, memory],
    ['Runtime.ExitError', exited('signal: aborted'), /^the function was aborted, usually/, memory],
    ['Sandbox.Timedout', timedOut, /^the task exceeded the time limit of a function \(Req/, time],
    ['Lambda.Unknown', unknown, /^the task exceeded the time limit of a function/, time],
    ['States.Timeout', undefined, /^the task exceeded the time limit of a function/, time],
    [
      'Lambda.TooManyRequestsException',
      'Rate Exceeded. (Service: Lambda, Status Code: 429)',
      /^the account ran too many functions at once, for hours \(Rate Exceeded/,
      /^Request a higher quota .* --concurrency\. Results so far are kept: /,
    ],
    [
      'States.ExceedToleratedFailureThreshold',
      'The specified tolerated failure threshold was exceeded',
      /^a shard failed \(/,
      /^Its own reason is shown by counterweight status/,
    ],
    [
      'States.TaskFailed',
      job(killed),
      /^the job ran out of memory \(.*exit code 137\)$/,
      /batchSize/,
    ],
    ['States.TaskFailed', job({ ExitCode: 137 }), /^the job ran out of memory/, /batchSize/],
  ])('%s %s', (error, cause, message, hint) => {
    const failure = explain(error, cause);
    expect(failure).toMatchObject({ error, stage: 'Workflow' });
    expect(failure.message).toMatch(message);
    expect(failure.hint).toMatch(hint);
  });

  test('and keeps the id of its request, by which its log lines are found', () => {
    expect(explain('Runtime.ExitError', exited('signal: killed')).message).toContain(id);
  });
});

const startAgain = 'Results so far are kept: start the run again, and it continues from them.';

test.each([
  [
    'of a stage',
    'Runtime.ExitError',
    'Label: exit code 137\n\nMend it.',
    'exit code 137',
    'Mend it.',
  ],
  ['of a store', 'UserError', 'no exit code 137', 'no exit code 137', startAgain],
  ['without a known reason', 'Runtime.ExitError', 'exit status 1', 'exit status 1', startAgain],
])('a failure %s stays as it is', (_, error, cause, message, hint) => {
  expect(explain(error, cause)).toMatchObject({ message, hint });
});
