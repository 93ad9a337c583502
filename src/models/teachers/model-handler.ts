import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sum } from '../../arrays.ts';
import { tf } from '../../tensorflow.ts';
import { parseModelJson, weightBytes } from '../model-json.ts';

/** Creates a tfjs handler that loads a `model.json` and the weights in the same folder. */
export async function modelHandler(path: string, format: 'layers-model' | 'graph-model') {
  const model = parseModelJson(await readFile(path, 'utf8'), path, format);
  const files = model.weightsManifest.flatMap(({ paths }) => paths);
  const weightData: ArrayBuffer[] = [];
  for (const file of files) {
    weightData.push(new Uint8Array(await readFile(join(dirname(path), file))).buffer);
  }
  const found = sum(weightData.map(({ byteLength }) => byteLength));
  const needed = weightBytes(model) ?? found;
  if (found !== needed) {
    // tfjs would throw too, but leak the tensors made before.
    throw new Error(`${files.join(', ')} have ${found} bytes, and model.json needs ${needed}`);
  }
  return tf.io.fromMemory({
    ...model,
    format,
    weightSpecs: model.weightsManifest.flatMap(({ weights }) => weights),
    weightData,
  });
}
