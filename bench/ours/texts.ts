/**
 * Trains `ngrams` on texts: node texts.js FOLDER
 *
 * FOLDER is from texts_data.py. Prints the CPU seconds of the training, and the accuracy on the
 * texts after the first 10 of 11.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { randomFor, shuffledOrder } from '../../src/data/random.ts';
import { oneClass } from '../../src/debias/decisions.ts';
import { predictions } from '../../src/debias/margin.ts';
import { createNgrams } from '../../src/models/ngrams/model.ts';
import { train } from '../../src/train/loop.ts';
import { createNgramsStep } from '../../src/train/ngrams/step.ts';

const [folder = ''] = process.argv.slice(2);
const schema = z.array(z.tuple([z.string(), z.int()]));
const texts = schema.parse(JSON.parse(await readFile(join(folder, 'texts.json'), 'utf8')));
const count = Math.floor((texts.length * 10) / 11);
const classes = 4;
const batchSize = 128;

function batchOf(rows: readonly (readonly [string, number])[]) {
  const size = rows.length;
  const targets = new Float32Array(size * classes);
  for (const [row, [, label]] of rows.entries()) targets[row * classes + label] = 1;
  return {
    ...{ size, rows: { n: size, texts: rows.map(([text]) => text) }, targets },
    teacherMargins: new Float32Array(size).fill(Number.NaN),
    weights: new Float32Array(size).fill(1),
  };
}

async function* batches(epoch: number) {
  const order = shuffledOrder(count, randomFor(1, epoch));
  for (let start = 0; start < count; start += batchSize) {
    yield batchOf(Array.from(order.subarray(start, start + batchSize), (index) => texts[index]!));
  }
}

// The defaults of the architecture.
const shape = {
  ...{ dimension: 16, hidden: 0, buckets: 2 ** 20 },
  ...{ wordNgrams: 2, minChars: 3, maxChars: 5 },
};
const begin = process.cpuUsage();
const model = createNgrams(shape, classes, 1);
await train({
  step: createNgramsStep(model, { optimizer: 'adam', momentum: 0, weightDecay: 0 }),
  ...{ batches, batchesPerEpoch: Math.ceil(count / batchSize), epochs: 2 },
  decisions: oneClass(classes),
  schedule: { learningRate: 0.03, schedule: 'cosine' },
  signal: new AbortController().signal,
});
const { user, system } = process.cpuUsage(begin);

const test = texts.slice(count);
const answers = predictions(
  model.predict({ n: test.length, texts: test.map(([text]) => text) }),
  classes,
);
const right = test.filter(([, label], row) => answers[row] === label).length;
console.log(JSON.stringify({ seconds: (user + system) / 1e6, accuracy: right / test.length }));
