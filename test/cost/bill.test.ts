import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { billOf } from '../../src/cost/bill.ts';
import { studentConcurrency, trainingCalls } from '../../src/cost/functions.ts';
import { billSchema, type TaskUse } from '../../src/run/bill-file.ts';

interface State {
  readonly Type: string;
  readonly Next?: string;
  readonly Default?: string;
  readonly MaxConcurrency?: number;
  readonly MaxConcurrencyPath?: string;
  readonly Choices?: { readonly Next: string }[];
  readonly Retry?: { readonly ErrorEquals: string[]; readonly MaxAttempts: number }[];
  readonly Parameters?: { readonly FunctionName?: string };
  readonly ItemProcessor?: Machine & { readonly ProcessorConfig: { readonly Mode: string } };
}
interface Machine {
  readonly StartAt: string;
  readonly States: Record<string, State>;
}

const file = new URL('../../infra/workflow.asl.json', import.meta.url);
const workflow: Machine = JSON.parse(readFileSync(file, 'utf8'));

interface Run {
  readonly encode: boolean;
  readonly trainTeacher: boolean;
  readonly shards: number;
  readonly unlabeledShards: number;
  readonly variants: number;
}

/** Goes through the workflow's file and counts the states that an execution enters. */
function entered(machine: Machine, run: Run, calls: Map<string, number>): number {
  let count = 0;
  for (let name: string | undefined = machine.StartAt; name; ) {
    const state: State = machine.States[name]!;
    count++;
    const task = /^\$\{(\w+)Function\}$/.exec(state.Parameters?.FunctionName ?? '')?.[1];
    if (task) calls.set(task, (calls.get(task) ?? 0) + 1);
    if (state.ItemProcessor) {
      const items = { Encode: run.shards, Label: run.shards, Weigh: run.unlabeledShards }[name];
      const starts = state.ItemProcessor.ProcessorConfig.Mode === 'DISTRIBUTED' ? 1 : 0;
      for (let item = 0; item < (items ?? run.variants); item++) {
        count += starts + entered(state.ItemProcessor, run, calls);
      }
    }
    // A Choice takes its first branch if there is an encoder, if a teacher is trained, and since
    // students are wanted.
    const isChosen: boolean =
      name.includes('students') ||
      (run.encode && name.includes('embeddings')) ||
      (run.trainTeacher && name.includes('teacher'));
    const chosen: string | false | undefined = isChosen && state.Choices?.[0]?.Next;
    name = chosen || (state.Next ?? state.Default);
  }
  return count;
}

const nothing = { seconds: 1, gets: 0, puts: 0, resource: 'lambda-1024' };

describe.each([
  { encode: true, trainTeacher: true, shards: 7, unlabeledShards: 5, variants: 3 },
  { encode: false, trainTeacher: false, shards: 4, unlabeledShards: 1, variants: 1 },
])('the transitions of %o', (run) => {
  const calls = new Map<string, number>();
  const states = entered(workflow, run, calls);
  const uses = [...calls].map(([task, count]) => ({ task, ...nothing, calls: count }));
  const transitions = (of: TaskUse[]) =>
    billOf(of, { ...run, storedBytes: 0 }).lines.find(({ what }) => what === 'State transitions')!;

  test('are the states of the workflow, and its start', () => {
    expect(transitions(uses).quantity).toBe(states + 1);
  });

  test('grow by one with every retry', () => {
    const retried = uses.map((use) =>
      use.task === 'Label' ? { ...use, calls: use.calls + 2 } : use,
    );
    expect(transitions(retried).quantity).toBe(states + 3);
  });
});

test('the constants are those of the workflow', () => {
  const { Label, Weigh, 'Train variants': variants, 'Warm up': warmUp } = workflow.States;
  const plan = '$.plan.concurrency';
  expect([Label, Weigh].map((state) => state?.MaxConcurrencyPath)).toEqual([plan, plan]);
  expect(variants?.MaxConcurrency).toBe(studentConcurrency);
  const again = warmUp?.Retry?.find(({ ErrorEquals }) => ErrorEquals.includes('InterruptedError'));
  expect(again!.MaxAttempts + 1).toBe(trainingCalls);
});

describe('a bill', () => {
  const counts = { shards: 10, unlabeledShards: 8, variants: 2, storedBytes: 2e9 };

  test('is amounts times prices', () => {
    const bill = billOf(
      [
        {
          task: 'Label',
          resource: 'lambda-3072',
          calls: 10,
          seconds: 1000,
          gets: 2_000_000,
          puts: 100_000,
        },
        {
          task: 'Train',
          resource: 'g5.xlarge-spot',
          calls: 2,
          seconds: 3600,
          gets: 0,
          puts: 0,
        },
      ],
      counts,
    );
    expect(billSchema.parse(bill)).toEqual(bill);
    const usd = Object.fromEntries(bill.lines.map((line) => [line.what, line.usd]));
    expect(usd.Label).toBeCloseTo(3000 * 1.66667e-5, 10);
    // An hour of work, two starts of five minutes each, at half price; 100 GB of disk; an address.
    expect(usd.Train).toBeCloseTo((7 / 6) * (1.006 / 2 + (100 * 0.08) / 730 + 0.005), 6);
    expect(usd['Function calls']).toBeCloseTo(10 * 0.2e-6, 12);
    expect(usd['State transitions']).toBeCloseTo((8 + 12 + 10 + 2) * 25e-6, 10);
    expect(usd['S3 requests']).toBeCloseTo(0.8 + 0.5, 10);
    expect(usd['S3 storage']).toBeCloseTo(0.046, 10);
    expect(usd.Logs).toBeCloseTo((12 * 3_000 * 0.5) / 1e9, 12);
    const vendedBytes = 32 * 2_500 + (7 / 6) * 100_000;
    expect(usd['Logs of AWS services']).toBeCloseTo((vendedBytes * 0.5) / 1e9, 12);
    expect(usd.Traces).toBeCloseTo(10 * 5e-6, 12);
    expect(bill.totalUsd).toBeCloseTo(
      Object.values(usd).reduce((sum, one) => sum + one),
      12,
    );
    expect(bill.notes).toEqual([]);
  });

  test('names a machine without a known price', () => {
    const use = { task: 'Train', resource: 'p3.2xlarge-spot', calls: 1, seconds: 3600 };
    const bill = billOf([{ ...use, gets: 0, puts: 0 }], counts);
    expect(bill.notes).toEqual(['p3.2xlarge-spot, 1.1 h: its price is not known here.']);
  });

  test('of nothing is empty', () => {
    const bill = billOf([], { shards: 0, unlabeledShards: 0, variants: 0, storedBytes: 0 });
    expect(bill).toMatchObject({ lines: [], totalUsd: 0 });
  });
});
