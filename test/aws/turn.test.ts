import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { executionArn } from '../../src/aws/executions.ts';
import { startOrResume } from '../../src/aws/start-or-resume.ts';
import { keepTurn, passTurn, passTurns, runAhead, startInTurn } from '../../src/aws/turn.ts';
import { keys } from '../../src/run/keys.ts';
import { recordSchema } from '../../src/run/plan-file.ts';
import { startWaiting } from '../../src/stages/start.ts';
import { readJson } from '../../src/store/once.ts';
import { openStore } from '../../src/store/open.ts';
import { startFakeStepFunctions } from '../support/fake-step-functions.ts';
import { putJson } from '../support/put.ts';
import { makeResults } from '../support/results.ts';

const machine = 'arn:aws:states:us-east-1:000000000000:stateMachine:counterweight';
const stepFunctions = await startFakeStepFunctions();

const config = `
task: { type: tabular-classification, classes: [red, white], target: colour }
data: { format: csv }
teacher: { predictions: teacher }
student: { architecture: mlp }
`;

/** A dataset in a folder, and what happens to it. */
class Dataset {
  readonly name = 'wine';
  readonly folder: string;
  readonly results: string;
  #batches = 0;

  constructor() {
    const { path } = makeResults();
    this.folder = join(mkdtempSync(join(path, 'data-')), this.name);
    this.results = join(path, 'results');
    mkdirSync(this.folder);
    writeFileSync(join(this.folder, 'distill.yaml'), config);
  }

  /** Completes a batch. */
  complete(): void {
    const batch = join(this.folder, 'unlabeled', `batch-${this.#batches++}`);
    mkdirSync(batch, { recursive: true });
    writeFileSync(join(batch, '_SUCCESS'), '');
  }

  /** The event of a marker, at the Start function. */
  async start(): Promise<{ run: string; waitsFor: string | undefined }> {
    const started = (await startWaiting(this.folder, this.results))!;
    const busy = await startInTurn(machine, started);
    return { run: started.run, waitsFor: busy?.run };
  }

  /** The event of an end, at the Follow function. */
  follow(): Promise<string | undefined> {
    return passTurn(machine, this.results, this.name);
  }

  /** The batches of a run. */
  async batchesOf(run: string): Promise<readonly string[] | undefined> {
    const record = await readJson(await openStore(this.results), keys.record(run), recordSchema);
    return 'refused' in record ? undefined : record.batches;
  }

  get batches(): number {
    return this.#batches;
  }
}

/** Names of the executions with this status, in the order of their start. */
function executions(status?: string): string[] {
  return [...stepFunctions.executions]
    .filter(([, execution]) => status === undefined || execution.status === status)
    .map(([arn]) => arn.split(':').at(-1)!);
}

function end(run: string, status = 'SUCCEEDED'): void {
  stepFunctions.executions.get(executionArn(machine, run))!.status = status;
}

let dataset: Dataset;
beforeEach(() => {
  stepFunctions.executions.clear();
  dataset = new Dataset();
});

test('batches that are completed during a run have one run after it, however many they are', async () => {
  dataset.complete();
  const first = await dataset.start();
  for (let i = 0; i < 3; i++) {
    dataset.complete();
    expect(await dataset.start()).toMatchObject({ waitsFor: first.run });
  }
  expect(executions()).toEqual([first.run]);
  expect(await dataset.follow()).toBeUndefined();
  end(first.run);
  const second = await dataset.follow();
  expect(executions('RUNNING')).toEqual([second]);
  expect(await dataset.batchesOf(second!)).toHaveLength(4);
  end(second!);
  expect(await dataset.follow()).toBeUndefined();
  expect(executions()).toHaveLength(2);
});

test('a run that waits knows which run is ahead of it', async () => {
  const ahead = (run: string) => runAhead(machine, dataset.results, run);
  expect(await ahead('wine-0123456789ab')).toBeUndefined();
  dataset.complete();
  const first = await dataset.start();
  expect(await ahead(first.run)).toBeUndefined();
  expect(await ahead('wine-0123456789ab')).toBe(first.run);
  expect(await ahead('beer-0123456789ab')).toBeUndefined();
  end(first.run);
  expect(await ahead('wine-0123456789ab')).toBeUndefined();
});

test.each(['FAILED', 'TIMED_OUT', 'ABORTED'])(
  'a run that is %s lets the next one start',
  async (status) => {
    dataset.complete();
    const { run } = await dataset.start();
    dataset.complete();
    await dataset.start();
    end(run, status);
    expect(await dataset.follow()).toBe(executions('RUNNING')[0]);
  },
);

test('without an event of the end, the next batch takes the turn, or the clock passes it on', async () => {
  dataset.complete();
  const first = await dataset.start();
  dataset.complete();
  await dataset.start();
  end(first.run);
  const [second] = await passTurns(machine, dataset.results);
  expect(executions('RUNNING')).toEqual([second]);
  expect(await passTurns(machine, dataset.results)).toEqual([]);
  end(second!);
  dataset.complete();
  expect(await dataset.start()).toMatchObject({ waitsFor: undefined });
  expect(executions()).toHaveLength(3);
});

test('a run that got the turn and was not started is started by the next event', async () => {
  dataset.complete();
  stepFunctions.failures.push('ValidationException');
  await expect(dataset.start()).rejects.toThrow();
  expect(executions()).toEqual([]);
  dataset.complete();
  const { waitsFor } = await dataset.start();
  expect(executions('RUNNING')).toEqual([waitsFor]);
});

test('a turn of an execution that Step Functions has forgotten is free', async () => {
  dataset.complete();
  const { run } = await dataset.start();
  stepFunctions.executions.clear();
  const holder = { run, dataset: dataset.folder, results: dataset.results, attempt: 1 };
  const turn = { holder: { ...holder, since: '2020-01-01T00:00:00.000Z' }, waiting: false };
  await putJson(await openStore(dataset.results), keys.turn(dataset.name), turn);
  dataset.complete();
  const next = await dataset.start();
  expect(executions()).toEqual([next.run]);
});

test('a damaged turn is free', async () => {
  await (await openStore(dataset.results)).write(keys.turn(dataset.name), Buffer.from('{'));
  expect(await dataset.follow()).toBeUndefined();
  dataset.complete();
  expect(await dataset.start()).toMatchObject({ waitsFor: undefined });
});

test('events at the same time start one run', async () => {
  dataset.complete();
  await Promise.all([dataset.start(), dataset.start(), dataset.start()]);
  expect(executions()).toHaveLength(1);
  const events = Array.from({ length: 8 }, async () => {
    dataset.complete();
    return dataset.start();
  });
  await Promise.all(events);
  expect(executions()).toHaveLength(1);
  end(executions()[0]!);
  await Promise.all([dataset.follow(), dataset.follow(), dataset.start(), dataset.start()]);
  expect(executions()).toHaveLength(2);
  expect(await dataset.batchesOf(executions('RUNNING')[0]!)).toHaveLength(9);
});

describe('a run that the user starts', () => {
  const started = (run: string) => ({ run, dataset: dataset.folder, results: dataset.results });

  test('is refused while another run of the dataset runs', async () => {
    dataset.complete();
    const { run } = await dataset.start();
    const other = startOrResume(machine, started('wine-0123456789ab'));
    await expect(other).rejects.toMatchObject({
      message: `run ${run} of the same dataset is running, and a dataset has one run at a time`,
      hint: expect.stringContaining(`counterweight stop ${run}`),
    });
    end(run, 'ABORTED');
    expect(await startOrResume(machine, started('wine-0123456789ab'))).toMatchObject({
      state: 'started',
    });
  });

  test('lets a batch wait, and keeps one waiting', async () => {
    await startOrResume(machine, started('wine-0123456789ab'));
    dataset.complete();
    await dataset.start();
    end('wine-0123456789ab', 'FAILED');
    // Before the event of the end.
    await startOrResume(machine, started('wine-0123456789ab'));
    expect(executions('RUNNING')).toEqual(['wine-0123456789ab-attempt-2']);
    end('wine-0123456789ab-attempt-2');
    expect(await dataset.follow()).toBe(executions('RUNNING')[0]);
  });
});

test('a run that is redriven has the turn, if no other run has it', async () => {
  dataset.complete();
  const first = await dataset.start();
  end(first.run, 'FAILED');
  await dataset.follow();
  end(first.run, 'RUNNING');
  await keepTurn(machine, dataset.results, first.run);
  dataset.complete();
  expect(await dataset.start()).toMatchObject({ waitsFor: first.run });
  await keepTurn(machine, dataset.results, 'an-execution-of-another-kind');
  expect(executions('RUNNING')).toEqual([first.run]);
});

/** Something that happens to a dataset. */
type Happening =
  | { readonly kind: 'batch'; readonly events: number }
  | { readonly kind: 'end'; readonly status: string; readonly events: number }
  | { readonly kind: 'crash' }
  | { readonly kind: 'clock' };

const happenings: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ kind: fc.constant('batch' as const), events: fc.integer({ min: 1, max: 3 }) }),
  fc.record({
    kind: fc.constant('end' as const),
    status: fc.constantFrom('SUCCEEDED', 'FAILED', 'ABORTED'),
    events: fc.integer({ min: 0, max: 2 }),
  }),
  fc.constant({ kind: 'crash' as const }),
  fc.constant({ kind: 'clock' as const }),
);

async function happen(happening: Happening): Promise<void> {
  switch (happening.kind) {
    case 'batch':
      dataset.complete();
      await Promise.allSettled(Array.from({ length: happening.events }, () => dataset.start()));
      break;
    case 'end':
      for (const run of executions('RUNNING')) end(run, happening.status);
      await Promise.allSettled(Array.from({ length: happening.events }, () => dataset.follow()));
      break;
    case 'crash':
      stepFunctions.failures.push('ValidationException');
      break;
    case 'clock':
      await passTurns(machine, dataset.results).catch(() => {});
  }
}

test('whatever happens, one run runs at a time, and at last one has all batches', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happenings, { minLength: 1, maxLength: 10 }), async (sequence) => {
      stepFunctions.executions.clear();
      stepFunctions.failures.length = 0;
      dataset = new Dataset();
      dataset.complete();
      await dataset.start();
      for (const happening of sequence) {
        await happen(happening);
        expect(executions('RUNNING').length).toBeLessThanOrEqual(1);
      }
      // Lambda calls Start again for an event that failed; and the clock comes every hour.
      stepFunctions.failures.length = 0;
      const { run } = await dataset.start();
      while (executions('RUNNING').length > 0) {
        expect(executions('RUNNING')).toHaveLength(1);
        end(executions('RUNNING')[0]!);
        await passTurns(machine, dataset.results);
      }
      expect(executions().at(-1)).toBe(run);
      expect(await dataset.batchesOf(run)).toHaveLength(dataset.batches);
      expect(executions().length).toBeLessThanOrEqual(dataset.batches);
    }),
    { numRuns: 30 },
  );
});
