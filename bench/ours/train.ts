/**
 * Trains a student with our trainer: node train.js FOLDER STUDENT EPOCHS
 *
 * Prints the seconds of each epoch but the first, in which the step is recorded, and the last
 * epoch's loss.
 */
import { createTrainingStep } from '../../src/train/create-step.ts';
import { batchSizes } from '../../src/train/order.ts';
import { trainInMemory } from './in-memory.ts';
import { students } from './students.ts';
import { readTrainingData } from './training-data.ts';

const [folder = '', student = '', epochs = ''] = process.argv.slice(2);
const { data, batchSize, build } = students[student]!;
const { shape, classes, all } = await readTrainingData(folder, data);
const model = await build(shape, classes);
const options = { optimizer: 'adam', momentum: 0.9, weightDecay: 0 } as const;
const step = createTrainingStep(model, options, {
  batchSizes: batchSizes(all.size, batchSize),
  seed: 1,
  warn: (message) => console.error(message),
});
const { seconds, losses } = await trainInMemory({
  ...{ step, all, batchSize, epochs: Number(epochs), seed: 1 },
  schedule: { learningRate: 1e-3, schedule: 'constant' },
});
console.log(JSON.stringify({ seconds: seconds.slice(1), loss: losses.at(-1) }));
