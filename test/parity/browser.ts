/** Runs students with TensorFlow.js in headless Chromium. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, reportOfPage, type ServedFile } from '../support/chromium.ts';

/** A student in a folder, with the features of examples in `features.bin`. */
export interface BrowserCase {
  readonly folder: string;
  /** Shape of all features, [n, ...]. */
  readonly shape: readonly number[];
}

const script = (cases: readonly BrowserCase[]) => `<script type="module">
import * as tf from '/tf.js';
await tf.ready();
const cases = ${JSON.stringify(cases.map(({ shape }) => shape))};
const answers = [];
for (const [index, shape] of cases.entries()) {
  const model = await tf.loadLayersModel('/' + index + '/model.json');
  const values = new Float32Array(await (await fetch('/' + index + '/features.bin')).arrayBuffer());
  const output = tf.tidy(() => model.predict(tf.tensor(values, shape), { batchSize: 50 }));
  answers.push(Array.from(await output.data()));
  output.dispose();
  model.dispose();
}
report(JSON.stringify({ backend: tf.getBackend(), answers }));
</script>`;

/** Predicts in Chromium. @returns the probabilities per case, or undefined without a browser. */
export async function predictInBrowser(
  cases: readonly BrowserCase[],
): Promise<{ readonly backend: string; readonly answers: readonly number[][] } | undefined> {
  if (chromium === undefined) return undefined;
  const tfjs = join(import.meta.dirname, '../../node_modules/@tensorflow/tfjs/dist/tf.fesm.min.js');
  const files = new Map<string, ServedFile>([['/tf.js', ['text/javascript', readFileSync(tfjs)]]]);
  for (const [index, { folder }] of cases.entries()) {
    for (const name of ['model.json', 'weights.bin', 'features.bin']) {
      files.set(`/${index}/${name}`, [
        'application/octet-stream',
        readFileSync(join(folder, name)),
      ]);
    }
  }
  const text = await reportOfPage(script(cases), files);
  if (text.startsWith('error: ')) throw new Error(text);
  return JSON.parse(text);
}
