import { describe, expect, test } from 'vitest';
import { renderPlan } from '../../src/cli/plan.ts';
import type { PlanSummary } from '../../src/engines/plan.ts';
import { FakeTerminal } from './terminals.ts';

const set = (shards: number) => ({ shards, bytes: shards * 2_500_000 });
const size = (shards: number, counted: boolean) => ({
  ...set(shards),
  pieces: shards,
  examples: shards * 1000,
  counted,
});
const task = { gets: 0, puts: 0, calls: 1, resource: 'lambda-3008' };
const sample: PlanSummary = {
  local: { seconds: 215.4, cores: 2 },
  run: 'cifar-2f7a91c04be3',
  sets: { labeled: set(1), validation: set(1), test: set(10), unlabeled: set(37) },
  classes: ['cat', 'dog'],
  teacher: 'onnx',
  students: ['weighted', 'uniform'],
  baselines: ['logistic', 'labels-only'],
  ...{ learns: [], folds: 5, validatedOn: ['validation'] },
  labelCache: { shards: 49, reused: 12 },
  leftOut: [],
  warnings: ['The class cat has 3 labeled examples.'],
  estimate: {
    sets: {
      ...{ labeled: size(1, true), validation: size(1, true) },
      ...{ test: size(10, true), unlabeled: size(37, false) },
    },
    tasks: [
      { ...task, task: 'Label', seconds: 4000, wallSeconds: 100 },
      { ...task, task: 'Train', seconds: 7000, wallSeconds: 3500 },
    ],
    storedBytes: 1e6,
    bill: {
      lines: [
        { what: 'Label', quantity: 11_750, unit: 'GB-s', usd: 0.1958 },
        { what: 'Train', quantity: 20_562.5, unit: 'GB-s', usd: 0.3427 },
        { what: 'Function calls', quantity: 60, unit: 'calls', usd: 0.000012 },
        { what: 'State transitions', quantity: 200, unit: 'transitions', usd: 0.005 },
      ],
      totalUsd: 0.543512,
      pricesAsOf: '2026-11-25',
      region: 'us-east-1',
      notes: [],
    },
    warnings: [],
  },
};

function render(changes: Partial<PlanSummary> = {}): string {
  return renderPlan({ ...sample, ...changes }, 'data/cifar', new FakeTerminal());
}

describe('the plan', () => {
  test('shows the work of a run and its cost on AWS', () => {
    expect(render()).toMatchInlineSnapshot(`
      "Run cifar-2f7a91c04be3

      labeled       1 shard   2.4 MiB         1,000 examples
      validation    1 shard   2.4 MiB         1,000 examples
      test        10 shards  23.8 MiB        10,000 examples
      unlabeled   37 shards  88.2 MiB  about 37,000 examples

      classes: 2
      teacher: onnx
      teacher judged by: 1,000 labels of validation/; the teacher's error rate by margin will be known to ±5% (with 50 more labels to ±5%, with 500 more to ±4%), or better
      students: weighted, uniform
      models of the labels alone: logistic, labels-only
      labels: 12 of 49 shards from the cache, 37 to label
      warning: The class cat has 3 labeled examples.

      On this machine (2 cores) it would take about 3 min 35 s, if it is as fast as that of docs/performance.md.
      On AWS it would cost about $0.54 and take about 1 h 0 min:
        Label     11,750 GB-s   $0.20
        Train     20,563 GB-s   $0.34
        all else               $0.005
        at the prices of us-east-1 as of 2026-11-25; the seconds are estimated, not measured there.

      Next: counterweight run data/cifar"
    `);
  });

  test('shows which labels a trained teacher learns, and which judge it', () => {
    const both = {
      learns: ['labeled', 'validation'],
      validatedOn: ['labeled', 'validation'],
    } as const;
    const pooled = render({ ...both, validatedOn: [...both.validatedOn], teacher: 'train' });
    expect(pooled).toContain(
      'teacher learns: 2,000 labels of labeled/ and validation/, in 5 folds',
    );
    expect(pooled).toContain('teacher judged by: the same labels, each by the teacher of its fold');
    const heldOut = render({ learns: ['labeled'], folds: 1, teacher: 'train' });
    expect(heldOut).toContain('teacher learns: 1,000 labels of labeled/\n');
    expect(heldOut).toContain('teacher judged by: 1,000 labels of validation/;');
  });

  test.each([
    [49, true],
    [50, false],
  ])('states the risk of few labels: %i labels', (examples, isFew) => {
    const { estimate } = sample;
    const sets = { ...estimate.sets, validation: { ...estimate.sets.validation, examples } };
    const text = render({ estimate: { ...estimate, sets } });
    expect(text.includes('With fewer than 50 labels, the correction can be worse')).toBe(isFew);
  });

  test('shows how many shards are embedded already', () => {
    expect(render({ embeddingCache: { shards: 49, reused: 40 } })).toContain(
      'embeddings: 40 of 49 shards from the cache, 9 to embed\nlabels: 12',
    );
  });

  test('warns of what would not work on AWS', () => {
    const { estimate } = sample;
    const warnings = ['A student would take about 3 days to train in functions: set trainer: gpu.'];
    expect(render({ estimate: { ...estimate, warnings } })).toContain(
      'warning: A student would take about 3 days to train in functions: set trainer: gpu.',
    );
  });

  test('lists what the price does not include', () => {
    const { estimate } = sample;
    const bill = { ...estimate.bill, notes: ['p3.2xlarge-spot, 1.1 h: its price is not known.'] };
    expect(render({ estimate: { ...estimate, bill } })).toContain('p3.2xlarge-spot, 1.1 h');
  });
});
