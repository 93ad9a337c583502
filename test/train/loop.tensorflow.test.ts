import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Decisions, manyLabels, oneClass } from '../../src/debias/decisions.ts';
import { InterruptedError, UserError } from '../../src/errors.ts';
import { predictProbabilities } from '../../src/models/layers-student.ts';
import type { Network } from '../../src/models/networks/index.ts';
import { FolderStore } from '../../src/store/folder.ts';
import { type Checkpoints, openCheckpoints } from '../../src/train/checkpoint.ts';
import type { EpochRecord } from '../../src/train/epoch.ts';
import { createGraphStep } from '../../src/train/graph-step.ts';
import { type Training, train } from '../../src/train/loop.ts';
import type { TrainingStep } from '../../src/train/step.ts';
import { buildNetwork, randomBatch, smallConvnet, smallMlp } from '../support/networks.ts';

const shape = { mlp: [5], convnet: [8, 8, 1] } as const;
const epochs = 2;
const batchesPerEpoch = 3;
const validationSize = 6;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'loop-'));
});
afterEach(() => rm(folder, { recursive: true }));

type SmallNetwork = Network & { architecture: keyof typeof shape };

interface Options {
  readonly checkpoints?: Checkpoints;
  readonly checkpointEveryMs?: number;
  readonly signal?: AbortSignal;
  /** Called before the step of this number, from 0, is taken. */
  readonly beforeStep?: (step: number) => void;
  readonly report?: (done: number, total: number) => void;
  readonly onEpoch?: (record: EpochRecord) => void;
  readonly schedule?: Training['schedule'];
  readonly part?: string;
}

/** A training from its beginning, as a process of its own would do it. */
async function runTraining(network: SmallNetwork, options: Options = {}) {
  const inputShape = shape[network.architecture];
  const model = await buildNetwork(network, inputShape, 3, 1);
  const step = createGraphStep(model, network, [8, 3]);
  const values = randomBatch(validationSize, inputShape, 3, 99).rows.values;
  const { beforeStep, ...rest } = options;
  try {
    const history = await train({
      step,
      async *batches(epoch, skip) {
        for (let index = skip; index < batchesPerEpoch; index++) {
          beforeStep?.(epoch * batchesPerEpoch + index);
          // The last batch of an epoch is smaller.
          yield randomBatch(index === batchesPerEpoch - 1 ? 3 : 8, inputShape, 3, epoch, index);
        }
      },
      batchesPerEpoch,
      epochs,
      decisions: oneClass(3),
      schedule: network,
      reweighting: {
        measure: async () => predictProbabilities(model, { n: validationSize, values }),
        // Depends on the student of the epoch's start and on the student of now.
        reweigh: (measured) => (batch, probabilities) =>
          batch.teacherMargins.map((margin, i) =>
            Number.isNaN(margin) ? 1 : margin + measured[i]! + probabilities[i]!,
          ),
      },
      signal: new AbortController().signal,
      ...rest,
    });
    return { history, state: step.state() };
  } finally {
    step.dispose();
    model.dispose();
  }
}

type Result = Awaited<ReturnType<typeof runTraining>>;

function expectSame(found: Result, expected: Result) {
  expect(found.state).toEqual(expected.state);
  const figures = ({ history }: Result) => history.map(({ seconds, ...rest }) => rest);
  expect(figures(found)).toEqual(figures(expected));
}

const networks: SmallNetwork[] = [
  { ...smallMlp, optimizer: 'adam' },
  { ...smallMlp, optimizer: 'sgd' },
  { ...smallConvnet, optimizer: 'adam' },
  { ...smallConvnet, optimizer: 'sgd' },
];

describe.each(networks)('$architecture with $optimizer', (network) => {
  test('ends with the same bits every time', async () => {
    expectSame(await runTraining(network), await runTraining(network));
  });

  test('stopped before any step and resumed, it ends with the same bits', async () => {
    const expected = await runTraining(network);
    const store = new FolderStore(folder);
    for (let stop = 0; stop < epochs * batchesPerEpoch; stop++) {
      const checkpoints = openCheckpoints(store, `${stop}/`, 'abc');
      const controller = new AbortController();
      const stopped = runTraining(network, {
        checkpoints,
        signal: controller.signal,
        beforeStep: (step) => {
          if (step === stop) controller.abort();
        },
      });
      await expect(stopped).rejects.toThrow(InterruptedError);
      expect((await checkpoints.load())?.progress.step ?? 0).toBe(stop);
      expectSame(await runTraining(network, { checkpoints }), expected);
    }
  });

  test('killed before any step and resumed from an older checkpoint, too', async () => {
    const expected = await runTraining(network);
    for (let kill = 0; kill < epochs * batchesPerEpoch; kill++) {
      const checkpoints = openCheckpoints(new FolderStore(folder), `${kill}/`, 'abc');
      let saved = 0;
      // Every other checkpoint is not written yet when the process dies.
      const everyOther: Checkpoints = {
        load: () => checkpoints.load(),
        save: async (checkpoint) => {
          if (saved++ % 2 === 0) await checkpoints.save(checkpoint);
        },
      };
      const beforeStep = (step: number) => {
        if (step === kill) throw new Error('killed');
      };
      const killed = runTraining(network, {
        checkpoints: everyOther,
        checkpointEveryMs: 0,
        beforeStep,
      });
      await expect(killed).rejects.toThrow('killed');
      expectSame(await runTraining(network, { checkpoints }), expected);
    }
  });
});

test('stopped again and again, it still ends with the same bits', async () => {
  const expected = await runTraining(smallMlp);
  const checkpoints = openCheckpoints(new FolderStore(folder), '', 'abc');
  for (let stop = 1; stop < epochs * batchesPerEpoch; stop += 2) {
    const controller = new AbortController();
    const beforeStep = (step: number) => {
      if (step === stop) controller.abort();
    };
    const options = { checkpoints, signal: controller.signal, beforeStep };
    await expect(runTraining(smallMlp, options)).rejects.toThrow(`stopped after step ${stop}`);
  }
  expectSame(await runTraining(smallMlp, { checkpoints }), expected);
});

test('a signal of the operating system is heard although batches never wait', async () => {
  const controller = new AbortController();
  const beforeStep = (step: number) => {
    if (step === 2) setImmediate(() => controller.abort());
  };
  const stopped = runTraining(smallMlp, { signal: controller.signal, beforeStep });
  await expect(stopped).rejects.toThrow(InterruptedError);
});

test('reports every step and every epoch, with the weights used', async () => {
  const steps: number[] = [];
  const records: EpochRecord[] = [];
  const report = (done: number, total: number) => {
    expect(total).toBe(6);
    steps.push(done);
  };
  const onEpoch = (record: EpochRecord) => void records.push(record);
  const { history } = await runTraining(smallMlp, { report, onEpoch });
  expect(steps).toEqual([1, 2, 3, 4, 5, 6]);
  expect(records).toEqual(history);
  expect(history.map(({ epoch }) => epoch)).toEqual([0, 1]);
  // The weights of the batches are 1, and hold in the first epoch.
  expect(history[0]!.meanWeight).toBe(1);
  expect(history[1]!.meanWeight).not.toBe(1);
});

test('a loss of NaN ends the training with a hint', async () => {
  const schedule = { learningRate: 1e38, schedule: 'constant' } as const;
  const diverged = (part?: string) =>
    runTraining({ ...smallMlp, optimizer: 'sgd' }, { schedule, ...(part && { part }) });
  await expect(diverged()).rejects.toThrow(UserError);
  await expect(diverged()).rejects.toThrow(/^the loss became NaN at step/);
  await expect(diverged('mlp 2')).rejects.toThrow(/^mlp 2: the loss became NaN at step/);
});

describe('agreement', () => {
  /** Trains an epoch of one batch on a student with constant outputs. */
  async function agreementOf(
    rows: readonly { says: number[]; learns: number[]; isUnlabeled: boolean }[],
    decisions: Decisions = oneClass(2),
  ) {
    const batch = {
      size: rows.length,
      rows: { n: rows.length, values: new Float32Array() },
      targets: Float32Array.from(rows.flatMap(({ learns }) => learns)),
      teacherMargins: Float32Array.from(
        rows.flatMap(({ isUnlabeled }) =>
          new Array<number>(decisions.perExample).fill(isUnlabeled ? 0.5 : Number.NaN),
        ),
      ),
      weights: new Float32Array(rows.length * decisions.perExample).fill(1),
    };
    const probabilities = Float32Array.from(rows.flatMap(({ says }) => says));
    const step: TrainingStep = {
      run: () => ({ loss: 1, weights: batch.weights, probabilities }),
      state: () => new Map(),
      restore: () => {},
      updateModel: () => {},
      dispose: () => {},
    };
    const [record] = await train({
      ...{ step, epochs: 1, batchesPerEpoch: 1, schedule: smallMlp, decisions },
      async *batches() {
        yield batch;
      },
      signal: new AbortController().signal,
    });
    return record!.agreement;
  }

  test('is the share of the unlabeled examples that get the class of their label', async () => {
    const unlabeled = [
      { says: [0.9, 0.1], learns: [1, 0], isUnlabeled: true },
      { says: [0.9, 0.1], learns: [0, 1], isUnlabeled: true },
      { says: [0.4, 0.6], learns: [0.3, 0.7], isUnlabeled: true },
      { says: [0.4, 0.6], learns: [0.45, 0.55], isUnlabeled: true },
    ];
    const labeled = { says: [0.9, 0.1], learns: [0, 1], isUnlabeled: false };
    expect(await agreementOf([...unlabeled, labeled])).toBe(0.75);
    expect(await agreementOf([labeled])).toBe(null);
  });

  test('is of the classes, where those are split', async () => {
    const row = { says: [0.3, 0.3, 0.4, 0], learns: [0, 1, 0, 0], isUnlabeled: true };
    expect(await agreementOf([row])).toBe(1);
    expect(await agreementOf([row], oneClass(4))).toBe(0);
  });

  test('is the share of the labels of unlabeled examples, in a multi-label task', async () => {
    const rows = [
      { says: [0.9, 0.1, 0.6], learns: [1, 0, 0.2], isUnlabeled: true },
      { says: [0.9, 0.5, 0.6], learns: [1, 0, 1], isUnlabeled: true },
      { says: [0.9, 0.9, 0.9], learns: [0, 0, 0], isUnlabeled: false },
    ];
    expect(await agreementOf(rows, manyLabels(3))).toBe(5 / 6);
  });
});
