/** The workflow's file, interpreted with tasks that only write down that they were called. */
import { describe, expect, test } from 'vitest';
import { interpret } from '../../src/engines/interpreter.ts';
import { prepareWorkflow, readWorkflow } from '../../src/engines/workflow.ts';
import type { StageName } from '../../src/stages/index.ts';
import { passTime } from '../support/pass-time.ts';

const job = {
  run: 'digits-1',
  dataset: '/data/digits',
  results: '/results',
  execution: 'digits-1',
};

interface Options {
  readonly encode?: boolean;
  readonly trainTeacher?: boolean;
  readonly trainStudents?: boolean;
  readonly trainer?: 'gpu' | 'function';
  /** Errors that calls of a task throw, one after another, before it succeeds. */
  readonly faults?: Partial<Record<StageName, Error[]>>;
}

/** Runs the workflow; returns the calls in order, with their input, and the error of a failure. */
async function runWorkflow({ trainer = 'function', ...more }: Options) {
  const { encode = false, trainTeacher = false, trainStudents = true } = more;
  const calls: string[] = [];
  const answers: Partial<Record<StageName, unknown>> = {
    Plan: {
      bucket: '/results',
      shards: 'shards.json',
      unlabeled: 'unlabeled.json',
      encode,
      trainTeacher,
      trainStudents,
      concurrency: 100,
      variants: ['weighted', 'uniform'].map((name) => ({ name, trainer })),
    },
    Encode: 1,
    Label: 1,
    Weigh: 1,
  };
  const machine = readWorkflow();
  const handlers = prepareWorkflow(
    machine,
    async (task, event) => {
      const { shard, variant } = event as { shard?: { id: string }; variant?: string };
      calls.push([task, shard?.id ?? variant].filter(Boolean).join(' '));
      const fault = more.faults?.[task]?.shift();
      if (fault) throw fault;
      return (answers[task] ?? {}) as never;
    },
    async (bucket, key) => {
      calls.push(`read ${bucket}/${key}`);
      return [{ id: 'a' }, { id: 'b' }];
    },
  );
  const error = await interpret(machine, job, handlers).result.then(
    () => undefined,
    (reason: Error) => reason,
  );
  return { calls, error };
}

function named(name: string, message = 'no'): Error {
  return Object.assign(new Error(message), { name });
}

test('no task has the time limit of a minute that the interpreter has by default', () => {
  const machine = readWorkflow();
  prepareWorkflow(
    machine,
    async () => null,
    async () => [],
  );
  const tasks = Object.entries(machine.States).filter(([, { Type }]) => Type === 'Task');
  expect(tasks.map(([name]) => name)).toContain('Label: items');
  for (const [name, { TimeoutSeconds }] of tasks) {
    expect(TimeoutSeconds, name).toBeGreaterThan(24 * 60 * 60);
  }
});

describe('the workflow in the embedded engine', () => {
  test('calls every stage in order, and each shard and student once', async () => {
    const { calls, error } = await runWorkflow({ encode: true, trainTeacher: true });
    expect(error).toBeUndefined();
    expect(calls).toEqual([
      'Plan',
      'read /results/shards.json',
      'Encode a',
      'Encode b',
      'TrainTeacher',
      'Calibrate',
      'read /results/shards.json',
      'Label a',
      'Label b',
      'Reconcile',
      'WarmUp',
      'read /results/unlabeled.json',
      'Weigh a',
      'Weigh b',
      'Train weighted',
      'Train uniform',
      'Evaluate',
      'Publish',
    ]);
  });

  test('ends with the labels if no students are wanted', async () => {
    const { calls, error } = await runWorkflow({ trainStudents: false });
    expect(error).toBeUndefined();
    expect(calls.at(-1)).toBe('Reconcile');
  });

  test('encodes nothing without encoder, trains no teacher if the user supplies one, and a GPU job is the same task', async () => {
    const onGpu = await runWorkflow({ trainer: 'gpu' });
    expect(onGpu.error).toBeUndefined();
    expect(onGpu.calls).not.toContain('TrainTeacher');
    expect(onGpu.calls).not.toContain('Encode a');
    expect(onGpu.calls).toEqual((await runWorkflow({})).calls);
  });

  test('tries again what fails for a moment: a transient error, a dead worker, a checkpoint', async () => {
    const faults = {
      Plan: [named('TransientError')],
      Reconcile: [named('Lambda.Unknown')],
      WarmUp: [named('InterruptedError'), named('InterruptedError')],
    };
    const { calls, error } = await passTime(() => runWorkflow({ faults }));
    expect(error).toBeUndefined();
    const count = (task: string) => calls.filter((call) => call === task).length;
    expect([count('Plan'), count('Reconcile'), count('WarmUp')]).toEqual([2, 2, 3]);
  });

  test('calls a training a hundred times that makes progress, and three times that makes none', async () => {
    const count = (calls: string[]) => calls.filter((call) => call === 'WarmUp').length;
    const slow = Array.from({ length: 100 }, () => named('InterruptedError'));
    const made = await passTime(() => runWorkflow({ faults: { WarmUp: slow } }));
    expect(made.error).toBeUndefined();
    expect(count(made.calls)).toBe(101);
    const stalled = Array.from({ length: 100 }, () => named('StalledError', 'Warm up: none'));
    const { calls, error } = await passTime(() => runWorkflow({ faults: { WarmUp: stalled } }));
    expect(error).toMatchObject({ name: 'StalledError', message: 'Warm up: none' });
    expect(count(calls)).toBe(3);
  });

  test.each(['Reconcile', 'Label', 'Train'] as const)(
    "fails at once with a user's mistake in %s, also within a Map",
    async (task) => {
      const mistake = named('UserError', `${task}: too many\nbad examples\n\nMend them.`);
      const { calls, error } = await runWorkflow({ faults: { [task]: [mistake] } });
      expect(error).toMatchObject({ name: 'UserError', message: mistake.message });
      expect(calls.at(-1)).toContain(task);
    },
  );
});
