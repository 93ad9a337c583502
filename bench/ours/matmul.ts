// Measures matrix products of floats with TensorFlow, in operations per second.

import { attribute, backend, floatType } from '../../src/models/kernels.ts';
import { tf } from '../../src/tensorflow.ts';
import { stopwatch } from './stopwatch.ts';

const size = 2048;
const [a, b] = [1, 2].map((seed) => tf.randomNormal([size, size], 0, 1, 'float32', seed));
// tf.matMul is a kernel for batches of matrices, which is slower.
const attributes = [
  attribute('transpose_a', 'BOOL', false),
  attribute('transpose_b', 'BOOL', false),
  floatType('T'),
];
const multiply = () => {
  const product = backend.executeSingleOutput('MatMul', attributes, [a!, b!]);
  product.dataSync();
  product.dispose();
};
multiply();
const rates = Array.from({ length: 9 }, () => {
  const lap = stopwatch();
  multiply();
  return (2 * size ** 3) / lap();
});
console.log(JSON.stringify({ rates }));
