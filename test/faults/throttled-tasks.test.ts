/** Every task of the workflow's file, when Lambda or Batch throttles it. */
import { describe, expect, test } from 'vitest';
import { interpret } from '../../src/engines/interpreter.ts';
import { type Json, prepareWorkflow, readWorkflow } from '../../src/engines/workflow.ts';
import { type StageName, shardStages, stages } from '../../src/stages/index.ts';
import { namesOf } from '../../src/table.ts';
import { passTime } from '../support/pass-time.ts';

const job = { run: 'wine-1', dataset: 's3://data/wine', results: 's3://results', execution: 'e' };

interface Throttling {
  readonly task: StageName;
  /** Number of refused calls, counted per shard or student. */
  readonly times: number;
  /** The name that the service's refusal has in Step Functions. */
  readonly error: string;
  readonly trainer?: 'gpu' | 'function';
}

/** Runs the workflow; gives the calls in order, and the error if it failed. */
async function runThrottled({ task: throttled, times, error, trainer = 'function' }: Throttling) {
  const calls: string[] = [];
  const refusals = new Map<string, number>();
  const answers: Partial<Record<StageName, Json>> = {
    Plan: {
      ...{ bucket: 'results', shards: 'shards.json', unlabeled: 'unlabeled.json' },
      encode: true,
      trainTeacher: true,
      trainStudents: true,
      concurrency: 100,
      variants: [{ name: 'weighted', trainer }],
    },
  };
  const machine = readWorkflow();
  const invoke = async (task: StageName, event: Json) => {
    const call = `${task} ${JSON.stringify(event)}`;
    calls.push(task);
    const refused = refusals.get(call) ?? 0;
    if (task === throttled && refused < times) {
      refusals.set(call, refused + 1);
      throw Object.assign(new Error('Rate exceeded'), { name: error });
    }
    return answers[task] ?? {};
  };
  const shards = async () => [{ id: 'a' }, { id: 'b' }];
  const run = () => interpret(machine, job, prepareWorkflow(machine, invoke, shards)).result;
  // The waits between the retries pass at once.
  const status = await passTime(() =>
    run().then(
      () => 'SUCCEEDED',
      () => 'FAILED',
    ),
  );
  return { status, calls: calls.filter((task) => task === throttled).length };
}

/** Calls per task without refusals: two shards, one student. */
const undisturbed = (task: StageName) => (shardStages.some(({ name }) => name === task) ? 2 : 1);

/** An answer may be lost twice in a row; a call that never answers fails the run. */
const lost = { error: 'States.Timeout', times: 2 };

test.each(namesOf(stages))('a lost answer of %s is requested again', async (task) => {
  const { status, calls } = await runThrottled({ task, ...lost });
  expect(status).toBe('SUCCEEDED');
  expect(calls).toBe(undisturbed(task) * (lost.times + 1));
});

/** A new account has few Lambdas, so that most calls of a map may be refused for a long time. */
const lambda = { error: 'Lambda.TooManyRequestsException', times: 30 };
const batch = { error: 'Batch.AWSBatchException', times: 6, trainer: 'gpu' } as const;

describe('a run ends well when Lambda throttles', () => {
  test.each(namesOf(stages))('%s again and again', async (task) => {
    const { status, calls } = await runThrottled({ task, ...lambda });
    expect(status).toBe('SUCCEEDED');
    expect(calls).toBe(undisturbed(task) * (lambda.times + 1));
  });

  test.each([batch.error, 'Batch.ServerException'])('or Batch the GPU job: %s', async (error) => {
    const { status, calls } = await runThrottled({ task: 'Train', ...batch, error });
    expect({ status, calls }).toEqual({ status: 'SUCCEEDED', calls: batch.times + 1 });
  });
});
