/**
 * Trains a linear head on embeddings: node heads.js FOLDER LENGTH C
 *
 * FOLDER is from heads_data.py. Prints the CPU seconds of the training, and the objective: the mean
 * loss and the penalty.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { logLoss } from '../../src/debias/cross-entropy.ts';
import { tf } from '../../src/tensorflow.ts';
import { fitLogistic } from '../../src/train/logistic/logistic-regression.ts';
import { rotatedBack, toPrincipalAxes } from '../../src/train/logistic/principal-axes.ts';
import { scaleColumns, unscaled } from '../../src/train/logistic/scaling.ts';

const [folder = '', length = 0, penalty = 0] = [
  process.argv[2],
  ...process.argv.slice(3).map(Number),
];
const bytes = async (name: string) => new Uint8Array(await readFile(join(folder, name))).buffer;
const embeddings = new Float32Array(await bytes('embeddings.f32'));
const labels = new Int32Array(await bytes('labels.i32'));
const classes = 10;

const values = embeddings.slice();
// TensorFlow creates its threads with the first operation.
tf.dispose(tf.matMul(tf.ones([64, 64]), tf.ones([64, 64])));
const begin = process.cpuUsage();
const read = { values, length, labels, classes };
const scaling = scaleColumns(read, false);
const { rows, axes } = toPrincipalAxes(read);
const fitted = await fitLogistic(rows, penalty, new AbortController().signal);
const { kernel, bias } = unscaled(axes ? rotatedBack(fitted, axes) : fitted, scaling);
const { user, system } = process.cpuUsage(begin);

const probabilities = tf.tidy(() =>
  tf
    .tensor2d(embeddings, [labels.length, length])
    .matMul(tf.tensor2d(Float32Array.from(kernel), [length, classes]))
    .add(tf.tensor1d(Float32Array.from(bias)))
    .softmax()
    .dataSync(),
);
const losses = labels.reduce((sum, y, i) => sum + logLoss(probabilities[i * classes + y]!), 0);
const squares = kernel.reduce((sum, weight) => sum + weight ** 2, 0);
const objective = (losses + squares / (2 * penalty)) / labels.length;
console.log(JSON.stringify({ seconds: (user + system) / 1e6, objective }));
