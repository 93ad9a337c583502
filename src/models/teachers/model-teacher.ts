import { product } from '../../arrays.ts';
import { type Features, featureShape } from '../../data/features/index.ts';
import { UserError } from '../../errors.ts';
import type { Inputs, Predictions, Teacher } from '../teacher.ts';
import { distributionReader } from './distributions.ts';
import { inputLayout, type Layout, toChannelsFirst } from './layout.ts';
import { type LoadedModel, type Output, portsText, shapeText } from './loaded-model.ts';
import { checkClasses, classOutput, namedOutput, onlyInput } from './ports.ts';

export interface ModelTeacherOptions {
  /** Name of the model in errors: `the ONNX model teacher/model.onnx`. */
  readonly name: string;
  /** The teacher's input features. */
  readonly features: Features;
  readonly classes: number;
  readonly batchSize: number;
  readonly output: 'probabilities' | 'logits';
  readonly outputName?: string | undefined;
  readonly embeddingName?: string | undefined;
}

/**
 * Makes a teacher from a model; its `dispose` also disposes of the model. The model first runs on
 * blank examples. Declared shapes can be incomplete, so errors would otherwise appear only at the
 * first shard.
 *
 * @throws UserError if the model does not fit the config; the model is then disposed of.
 */
export async function modelTeacher(
  model: LoadedModel,
  options: ModelTeacherOptions,
): Promise<Teacher> {
  try {
    return await fitted(model, options);
  } catch (error) {
    model.dispose();
    throw error;
  }
}

async function fitted(model: LoadedModel, options: ModelTeacherOptions): Promise<Teacher> {
  const { name, features, classes, outputName, embeddingName } = options;
  const input = onlyInput(model, name);
  const layout = inputLayout(input, features, model.usualLayout, name);
  const outputs = [classOutput(model, name, classes, outputName, embeddingName).name];
  if (embeddingName !== undefined) {
    outputs.push(namedOutput(model, name, 'embeddingName', embeddingName).name);
  }
  // Two examples: with one, a batch size that is fixed to 1 in the graph would not be noticed.
  const fixedBatch = input.shape?.[0];
  const embeddingSize = await tryOut(model, layout, fixedBatch ?? 2, outputs, options);

  const read = distributionReader(options.output, classes, name);
  const exampleSize = product(featureShape(features));
  return {
    embeddingSize,
    batchSize: options.batchSize,
    async predict({ ids, values }: Inputs): Promise<Predictions> {
      const n = ids.length;
      const scores = new Float32Array(n * classes);
      const embeddings = new Float32Array(n * (embeddingSize ?? 0));
      const step = fixedBatch ?? n;
      for (let start = 0; start < n; start += step) {
        const part = values.subarray(start * exampleSize, (start + step) * exampleSize);
        const [scored, embedded] = await runPart(model, layout, step, part, outputs);
        scores.set(rowsOf(scored!, Math.min(step, n - start)), start * classes);
        if (embedded) {
          const rows = rowsOf(embedded, Math.min(step, n - start));
          embeddings.set(rows, start * embeddingSize!);
        }
      }
      const probabilities = read(scores);
      return embeddingSize === undefined ? { probabilities } : { probabilities, embeddings };
    },
    dispose() {
      model.dispose();
    },
  };
}

/** Runs the model on `n` examples; if `values` has fewer, blank ones follow. */
function runPart(
  model: LoadedModel,
  layout: Layout,
  n: number,
  values: Float32Array,
  outputs: readonly string[],
): Promise<readonly Output[]> {
  const size = n * product(layout.shape);
  let full = values;
  if (values.length < size) {
    full = new Float32Array(size);
    full.set(values);
  }
  const fed = layout.channelsFirst ? toChannelsFirst(full, n, layout.shape[0]!) : full;
  return model.run(fed, [n, ...layout.shape], outputs);
}

/** Returns the first `n` rows of an output. */
function rowsOf({ shape, values }: Output, n: number): Float32Array {
  return values.subarray(0, (values.length / shape[0]!) * n);
}

/**
 * Runs the model on blank examples.
 * @returns the size of the embedding, if the config names one.
 */
async function tryOut(
  model: LoadedModel,
  layout: Layout,
  n: number,
  outputs: readonly string[],
  { name, classes, embeddingName }: ModelTeacherOptions,
): Promise<number | undefined> {
  const shape = shapeText([n, ...layout.shape]);
  let results: readonly Output[];
  try {
    results = await runPart(model, layout, n, new Float32Array(0), outputs);
  } catch (error) {
    throw new UserError(
      `${name} fails on an input of ${shape}, which fits what it declares (${portsText(model.inputs)}): ${(error as Error).message}`,
      'Try the model on that shape in the tool that made it, and export it again.',
    );
  }
  const [scored, embedded] = results;
  checkClasses(scored!.shape, outputs[0]!, name, classes);
  for (const [index, result] of results.entries()) {
    if (result.shape[0] === n) continue;
    throw new UserError(
      `the output '${outputs[index]}' of ${name} is ${shapeText(result.shape)} for an input of ${shape}: expected one row per example`,
      'Export the model with a batch dimension that is the same for input and outputs.',
    );
  }
  return embeddingName === undefined ? undefined : embedded!.values.length / n;
}
