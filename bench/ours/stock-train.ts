/**
 * Trains the same student as tfjs-node does by itself, with its own loss and optimizer, since its
 * `fit` knows no weights: node stock-train.js FOLDER STUDENT EPOCHS
 *
 * Prints what train.js prints.
 */
import { numbersOf } from '../../src/data/features/kind.ts';
import { tf, type tfTypes } from '../../src/tensorflow.ts';
import { shuffledBatches } from './in-memory.ts';
import { stopwatch } from './stopwatch.ts';
import { students } from './students.ts';
import { readTrainingData } from './training-data.ts';

const [folder = '', student = '', epochs = ''] = process.argv.slice(2);
const { data, batchSize, build } = students[student]!;
const { shape, classes, all } = await readTrainingData(folder, data);
const model = await build(shape, classes);
const optimizer = tf.train.adam(1e-3);
const lap = stopwatch();
const seconds: number[] = [];
let loss = 0;
for (let epoch = 0; epoch < Number(epochs); epoch++) {
  loss = 0;
  for await (const { size, rows, targets, weights } of shuffledBatches(all, batchSize, 1, epoch)) {
    const inputs = tf.tensor(numbersOf(rows), [size, ...shape]);
    const labels = tf.tensor2d(targets, [size, classes]);
    const shares = tf.tensor1d(weights);
    const cost = optimizer.minimize(() => {
      // One input and one output; the type covers models with several.
      const logits = model.apply(inputs, { training: true }) as tfTypes.Tensor;
      const { NONE } = tf.Reduction;
      const losses = tf.losses.softmaxCrossEntropy(labels, logits, undefined, 0, NONE);
      return losses.mul(shares).mean().asScalar();
    }, true)!;
    loss += (cost.dataSync()[0]! * size) / all.size;
    tf.dispose([inputs, labels, shares, cost]);
  }
  seconds.push(lap());
}
console.log(JSON.stringify({ seconds: seconds.slice(1), loss }));
