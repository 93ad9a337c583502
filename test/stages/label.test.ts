import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Example, Rejected } from '../../src/data/example.ts';
import type { Features } from '../../src/data/features/index.ts';
import { numbersOf } from '../../src/data/features/kind.ts';
import { readLabels, readLabelsSummary } from '../../src/data/tables/labels-file.ts';
import { oneClass } from '../../src/debias/decisions.ts';
import { labelExamples } from '../../src/distill/label-examples.ts';
import { TransientError } from '../../src/errors.ts';
import type { Inputs, Teacher } from '../../src/models/teacher.ts';
import { collect } from '../support/examples.ts';
import { MemoryStore } from '../support/memory-store.ts';

const vectors: Features = { kind: 'vector', length: 1 };

function vector(number: number): Example {
  const values = Float32Array.of(number / 1000);
  return { id: `v${number}`, label: undefined, content: { kind: 'vector', values } };
}

/** The vector's number is the first class's probability; a negative one has no answer. */
function teacherOf(
  batchSize: number,
  wait: (inputs: Inputs) => Promise<void> = async () => {},
): Teacher {
  return {
    embeddingSize: undefined,
    batchSize,
    dispose() {},
    async predict(inputs) {
      await wait(inputs);
      const probabilities = Array.from(numbersOf(inputs.rows), (share) =>
        share < 0 ? [Number.NaN, Number.NaN] : [share, 1 - share],
      );
      return { probabilities: Float32Array.from(probabilities.flat()) };
    },
  };
}

/** Counts what was read. */
function counted<Item>(items: readonly Item[]) {
  const source = {
    read: 0,
    async *items() {
      for (const item of items) {
        source.read++;
        yield item;
      }
    },
  };
  return source;
}

const label = (examples: AsyncIterable<Example | Rejected>, teacher: Teacher, features = vectors) =>
  labelExamples('labels', examples, { teacher, features, decisions: oneClass(2) }, () => {});

/** Until nothing happens any more without something from outside. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
}

test('every example is labeled in its order or quarantined with its reason', async () => {
  const item = fc.oneof(
    { weight: 4, arbitrary: fc.constant('good' as const) },
    fc.constantFrom('rejected' as const, 'undecodable' as const, 'unanswered' as const),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(item, { maxLength: 40 }),
      fc.integer({ min: 1, max: 9 }),
      async (kinds, batchSize) => {
        const items = kinds.map((kind, number): Example | Rejected => {
          const example = vector(number);
          if (kind === 'rejected') return { id: example.id, reason: 'read' };
          const values = { undecodable: [1, 2], unanswered: [-1], good: [number / 1000] }[kind];
          return { ...example, content: { kind: 'vector', values: Float32Array.from(values) } };
        });
        const bytes = await label(counted(items).items(), teacherOf(batchSize));
        const store = new MemoryStore({ labels: bytes });
        const ids = (...wanted: string[]) =>
          kinds.flatMap((kind, number) => (wanted.includes(kind) ? [`v${number}`] : []));
        const rows = await collect(readLabels(store, 'labels'));
        expect(rows.map(({ id }) => id)).toEqual(ids('good'));
        expect(rows.map(({ probabilities }) => probabilities[0])).toEqual(
          rows.map(({ id }) => Math.fround(Number(id.slice(1)) / 1000)),
        );
        const { quarantined } = await readLabelsSummary(store, 'labels');
        expect(new Set(quarantined.map(({ id }) => id))).toEqual(
          new Set(ids('rejected', 'undecodable', 'unanswered')),
        );
        expect(new Set(quarantined.map(({ reason }) => reason)).size).toBe(
          new Set(kinds.filter((kind) => kind !== 'good')).size,
        );
      },
    ),
    { numRuns: 40, seed: 3 },
  );
});

test('while the teacher works on a batch, the next two are read, and no more', async () => {
  const source = counted(Array.from({ length: 100 }, (_, number) => vector(number)));
  const readAtStart: number[] = [];
  const readAtEnd: number[] = [];
  const teacher = teacherOf(10, async () => {
    readAtStart.push(source.read);
    await settled();
    readAtEnd.push(source.read);
  });
  await label(source.items(), teacher);
  // One more is in hand, and waits for room.
  expect(readAtEnd.slice(0, 3)).toEqual([31, 41, 51]);
  expect(readAtEnd).toHaveLength(10);
  expect(readAtStart[0]).toBeGreaterThanOrEqual(10);
});

test('of large examples, fewer are read ahead', async () => {
  // 4 MiB each: 32 of them are 128 MiB, and two batches would be 40.
  const values = new Float32Array(2 ** 20);
  const examples = Array.from({ length: 60 }, (_, number): Example => {
    return { id: `v${number}`, label: undefined, content: { kind: 'vector', values } };
  });
  const source = counted(examples);
  const teacher: Teacher = {
    embeddingSize: undefined,
    batchSize: 20,
    dispose() {},
    async predict({ ids }) {
      await settled();
      return { probabilities: new Float32Array(2 * ids.length).fill(0.5) };
    },
  };
  let most = 0;
  const watching = {
    ...teacher,
    predict: async (inputs: Inputs) => {
      const answer = await teacher.predict(inputs);
      most = Math.max(most, source.read);
      source.read -= inputs.ids.length;
      return answer;
    },
  };
  await label(source.items(), watching, { kind: 'vector', length: 2 ** 20 });
  expect(most).toBe(20 + 32 + 1);
});

test('an error in the middle ends it, and the source is closed', async () => {
  let closed = false;
  async function* failing() {
    try {
      for (let number = 0; number < 25; number++) yield vector(number);
      throw new TransientError('connection lost');
    } finally {
      closed = true;
    }
  }
  const batches: number[] = [];
  const teacher = teacherOf(10, async ({ ids }) => void batches.push(ids.length));
  await expect(label(failing(), teacher)).rejects.toThrow('connection lost');
  expect(batches).toEqual([10, 10]);
  expect(closed).toBe(true);

  closed = false;
  const refusing = teacherOf(10, async () => {
    throw new Error('does not fit');
  });
  await expect(label(failing(), refusing)).rejects.toThrow('does not fit');
  expect(closed).toBe(true);
});
