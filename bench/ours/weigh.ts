/**
 * Debiasing weights of ten million examples, read and written in chunks: node weigh.js FOLDER
 *
 * FOLDER is from weights_data.py; weights and error probabilities stay there. Prints the seconds of
 * the estimates, and the growth of resident memory.
 */
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createWeightEstimator } from '../../src/debias/weights.ts';
import { stopwatch } from './stopwatch.ts';

const neighbors = 45;
const chunk = 2 ** 16;

const [folder = ''] = process.argv.slice(2);
const bytesOf = async (name: string) => Uint8Array.from(await readFile(join(folder, name))).buffer;
const startBytes = process.memoryUsage.rss();
let mostBytes = startBytes;
let seconds = 0;

const lap = stopwatch();
const points = {
  teacherMargins: new Float32Array(await bytesOf('points.teacher')),
  studentMargins: new Float32Array(await bytesOf('points.student')),
  wrong: Uint8Array.from(new Float64Array(await bytesOf('points.wrong'))),
  teacherLosses: new Float64Array(await bytesOf('points.teacher_losses')),
  trueLosses: new Float64Array(await bytesOf('points.true_losses')),
};
lap();
const estimator = createWeightEstimator(points, {
  neighbors,
  reading: 'ratioOfMeans',
  bounds: [0, 1],
});
seconds += lap();

const [teacherFile, studentFile] = await Promise.all(
  ['queries.teacher', 'queries.student'].map((name) => open(join(folder, name))),
);
const [weightsFile, errorsFile] = await Promise.all(
  ['weights', 'errors'].map((name) => open(join(folder, name), 'w')),
);
const [teacherMargins, studentMargins, weights, errorProbabilities] = Array.from(
  { length: 4 },
  () => new Float32Array(chunk),
);
for (;;) {
  const { bytesRead } = await teacherFile!.read(teacherMargins!);
  await studentFile!.read(studentMargins!);
  if (bytesRead === 0) break;
  const n = bytesRead / 4;
  const out = { weights: weights!, errorProbabilities: errorProbabilities! };
  lap();
  estimator.estimate(teacherMargins!.subarray(0, n), studentMargins!.subarray(0, n), out);
  seconds += lap();
  await weightsFile!.write(weights!.subarray(0, n));
  await errorsFile!.write(errorProbabilities!.subarray(0, n));
  mostBytes = Math.max(mostBytes, process.memoryUsage.rss());
}
for (const file of [teacherFile, studentFile, weightsFile, errorsFile]) await file!.close();
console.log(JSON.stringify({ seconds, grownMb: (mostBytes - startBytes) / 1e6 }));
