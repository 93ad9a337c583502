/** The entry of the functions, called as Lambda calls it, with its time running out. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context as LambdaContext } from 'aws-lambda';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { readCause } from '../../src/run/hidden-message.ts';
import { FolderStore } from '../../src/store/folder.ts';
import { makeTrainedRun } from './trained-run.ts';

const whole = await makeTrainedRun();

/** The function of a task, as a new environment of Lambda loads it. */
async function load(task: string, variables: Record<string, string> = {}) {
  vi.stubEnv('TASK', task);
  vi.stubEnv('AWS_LAMBDA_FUNCTION_MEMORY_SIZE', '3008');
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('POWERTOOLS_METRICS_NAMESPACE', 'counterweight');
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  vi.resetModules();
  return (await import('../../functions/lambda.ts')).handler;
}

let requests = 0;
/** A call that may take so long. Only what the entry looks at is there. */
function call(remainingMs: number): LambdaContext {
  const deadline = Date.now() + remainingMs;
  const getRemainingTimeInMillis = () => deadline - Date.now();
  return { awsRequestId: `request-${++requests}`, getRemainingTimeInMillis } as LambdaContext;
}

/** The event of a task of the run, as it was before what is below these keys was made. */
function eventWithout(key: string) {
  const { run, dataset } = whole;
  return { run, dataset, results: whole.without(key), execution: run };
}

function usages(results: string, task: string): string[] {
  return readdirSync(join(results, 'runs', whole.run, 'usage', task, 'lambda-3008'));
}

test.each([
  ['Label', { AWS_REGION: '' }, 'AWS_REGION'],
  ['Start', { RESULTS: 's3://results' }, 'STATE_MACHINE'],
  ['Sweep', {}, 'DATA_BUCKET, SWEEP_MINUTES'],
  ['Serve', { DATASET: 'digits' }, 'RESULTS'],
])('%s names the missing variables when it starts', async (task, variables, names) => {
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  await expect(load(task, variables)).rejects.toMatchObject({
    name: 'UserError',
    message: `environment variables are missing or wrong: ${names}`,
    hint: expect.stringContaining('counterweight deploy'),
  });
});

describe('a function whose time runs out', () => {
  test('keeps a checkpoint when it trains, and the next calls end with the same student', async () => {
    const handler = await load('Train');
    const event = { ...eventWithout(whole.student), variant: 'weighted' };
    const errors: string[] = [];
    // Twice the time of the call before: on any machine the first is too short, and one is enough.
    for (let remainingMs = 100, done = false; !done; remainingMs *= 2) {
      await handler(event, call(remainingMs)).then(
        () => {
          done = true;
        },
        (error: Error) => errors.push(error.name),
      );
    }
    expect(errors.length).toBeGreaterThan(0);
    // A call of a tenth of a second may be too short for a step.
    expect(['InterruptedError', 'StalledError']).toEqual(expect.arrayContaining(errors));
    const weights = (results: string) => readFileSync(join(results, whole.student, 'weights.bin'));
    expect(weights(event.results)).toEqual(weights(whole.results));
    // One record of use per call, whether it was interrupted or not.
    expect(usages(event.results, 'Train')).toHaveLength(errors.length + 1);
  });

  test('is stalled if a training adds nothing, and names a remedy', async () => {
    const handler = await load('Train');
    const event = { ...eventWithout(whole.student), variant: 'weighted' };
    const error = await handler(event, call(1)).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ name: 'StalledError' });
    const { message } = error as Error;
    const cause = JSON.stringify({ errorMessage: message });
    expect(await readCause(new FolderStore(event.results), whole.run, cause)).toEqual({
      stage: 'Train',
      message: expect.stringContaining('no progress'),
      hint: expect.stringContaining('Choose trainer: gpu, or a smaller student.'),
    });
  });

  test('fails with what to do when it does anything else', async () => {
    const handler = await load('Label');
    const items = JSON.parse(
      readFileSync(join(whole.results, 'runs', whole.run, 'shards.json'), 'utf8'),
    );
    const event = { ...eventWithout('labels'), shard: items[0] };
    const error = await handler(event, call(1)).then(
      () => new Error('none'),
      (thrown: Error) => thrown,
    );
    expect(error).toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(/^Label: the message is in runs\/[^/]+\/errors\/\w+\.json$/),
    });
    const store = new FolderStore(event.results);
    expect(
      await readCause(store, whole.run, JSON.stringify({ errorMessage: error.message })),
    ).toEqual({
      stage: 'Label',
      message: 'the task exceeded the time limit of a function',
      hint: expect.stringContaining('shardMiB'),
    });
    expect(usages(event.results, 'Label')).toHaveLength(1);
    await expect(handler(event, call(60_000))).resolves.toBe(1);
  });
});
