/** Students that are networks of TensorFlow. */
import { numbersOf, type Rows } from '../data/features/kind.ts';
import { tf, type tfTypes } from '../tensorflow.ts';
import { checkAllowedLayers } from './allowed/check-layers.ts';
import { batchSizeFor } from './batch-size.ts';
import { buildEmptyLayers } from './build-layers.ts';
import { modelFile, parseModelFile, topologyFile, weightsFile } from './exporters.ts';
import type { ModelFiles } from './exports/exporter.ts';
import { checkInboundLayers } from './inbound-layers.ts';
import { layersManifest, type StatedWeight } from './layers-manifest.ts';
import { scoresLayer } from './subclass-outputs.ts';
import { countNumbers } from './tensor-list.ts';
import {
  inputShapeOf,
  type OutputActivation,
  topologySchema,
  withOutputActivation,
} from './topology.ts';

const modelSchema = layersManifest.extend({ modelTopology: topologySchema });

/**
 * Builds the network in the files of a model.
 * @param isSplit Whether it has subclasses: it then outputs probabilities, otherwise logits.
 * @throws Error if a file is missing or damaged.
 */
export async function readLayers(
  files: ModelFiles,
  isSplit: boolean,
): Promise<tfTypes.LayersModel> {
  const { modelTopology, weightsManifest } = parseModelFile(files, topologyFile, modelSchema);
  const [{ weights }] = weightsManifest;
  const bytes = modelFile(files, weightsFile);
  const numbers = countNumbers(weights);
  if (bytes.byteLength !== 4 * numbers) {
    throw new Error(`${weightsFile} has ${bytes.byteLength} bytes; expected ${4 * numbers}`);
  }
  checkInboundLayers(modelTopology, topologyFile);
  checkAllowedLayers(modelTopology, topologyFile);
  const model = await buildEmptyLayers(
    isSplit ? modelTopology : withOutputActivation(modelTopology, 'linear'),
    numbers,
  );
  try {
    setWeights(model, weights, bytes);
  } catch (error) {
    model.dispose();
    throw error;
  }
  return model;
}

function setWeights(
  model: tfTypes.LayersModel,
  specs: readonly StatedWeight[],
  bytes: Uint8Array,
): void {
  // Copied, because floats must start at a multiple of four bytes.
  const values = new Float32Array(new Uint8Array(bytes).buffer);
  const weights = new Map(model.weights.map((weight) => [weight.originalName, weight]));
  let start = 0;
  for (const { name, shape } of specs) {
    const weight = weights.get(name);
    if (!weight || !weights.delete(name)) throw new Error(`model.json has no weight '${name}'`);
    const end = start + tf.util.sizeFromShape(shape);
    tf.tidy(() => {
      weight.write(tf.tensor(values.subarray(start, end), shape));
    });
    start = end;
  }
  for (const name of weights.keys()) throw new Error(`weights.bin lacks the weight '${name}'`);
}

/** Runs a model that outputs logits; returns row-major probabilities, [n, outputs]. */
export function predictProbabilities(
  model: tfTypes.LayersModel,
  rows: Rows,
  activation: OutputActivation = 'softmax',
): Float32Array {
  return runModel(model, rows, (logits) => logits[activation]());
}

/**
 * Runs a model of numbers on n examples; returns its outputs row-major.
 * @param finish Transforms the output before it is read.
 */
export function runModel(
  model: tfTypes.LayersModel,
  rows: Rows,
  finish: (output: tfTypes.Tensor) => tfTypes.Tensor,
): Float32Array {
  const result = tf.tidy(() => {
    const shape = inputShapeOf(model);
    const input = tf.tensor(numbersOf(rows), [rows.n, ...shape]);
    // A model with one output gives one tensor; the type covers models with several.
    return finish(model.predict(input, { batchSize: batchSizeFor(shape) }) as tfTypes.Tensor);
  });
  // Outside tidy, which would search every number of the result for tensors to keep.
  const numbers = result.dataSync<'float32'>();
  result.dispose();
  return numbers;
}

/** Creates the function that reads the input of the layer that scores the classes. */
export function layersEmbedder(model: tfTypes.LayersModel) {
  // A layer with one input has one symbolic tensor; the type covers layers with several.
  const outputs = scoresLayer(model).input as tfTypes.SymbolicTensor;
  const embedder = tf.model({ inputs: model.inputs, outputs });
  return {
    size: outputs.shape[1]!,
    of: (rows: Rows) => runModel(embedder, rows, (embeddings) => embeddings),
  };
}
