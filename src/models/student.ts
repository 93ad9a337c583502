/** Opens a saved model: a folder with the files that `saveModel` makes. */
import { featureShape, hasTexts } from '../data/features/index.ts';
import type { Rows } from '../data/features/kind.ts';
import { descriptionFile, modelFile, parseModelFile } from './exporters.ts';
import type { ModelFiles } from './exports/exporter.ts';
import { ngramsSchema, readNgrams } from './ngrams/files.ts';
import { ngramsFile, ngramsWeightsFile } from './ngrams/names.ts';
import { parseDescription, type StudentDescription } from './student-description.ts';
import { outputActivation } from './topology.ts';
import { isNgrams, type TrainableModel } from './trainable.ts';

/** Computes the probabilities of classes or labels: row-major, [n, outputs]. */
export type Predict = (rows: Rows) => Float32Array;

export interface Student {
  readonly description: StudentDescription;
  /**
   * A network outputs logits, [n, outputs], so that training can resume. A network of subclasses
   * outputs probabilities and is never resumed.
   */
  readonly model: TrainableModel;
  readonly predict: Predict;
  /** Frees the native memory. */
  dispose(): void;
}

/**
 * Opens the files that `saveModel` made. Loads TensorFlow only if the model needs it.
 * @throws Error if a file is missing or damaged, or the model does not fit its description.
 */
export async function loadModel(files: ModelFiles): Promise<Student> {
  const { files: _, ...description } = parseDescription(
    modelFile(files, descriptionFile),
    descriptionFile,
  );
  const model = description.network
    ? readNgrams(
        parseModelFile(files, ngramsFile, ngramsSchema),
        modelFile(files, ngramsWeightsFile),
      )
    : await (await import('./layers-student.ts')).readLayers(files, isSplit(description));
  try {
    checkFit(model, description);
    const predict = await predictorOf(model, description);
    return { description, model, predict, dispose: () => model.dispose() };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** @throws Error if a model has another input or output than its description. */
function checkFit(model: TrainableModel, description: StudentDescription): void {
  const { classes, features, subclasses = 1, multiLabel = false } = description;
  if (hasTexts(features) !== isNgrams(model)) {
    throw misfit(`reads ${isNgrams(model) ? 'texts' : 'numbers'}`, `features of ${features.kind}`);
  }
  if (isNgrams(model)) {
    requireEqual('subclasses', model.subclasses, subclasses);
    requireEqual('multiLabel', model.isMultiLabel, multiLabel);
    requireEqual('outputs', model.layers.at(-1)!.outputs, classes.length * subclasses);
    return;
  }
  const [[input], [output]] = [model.inputs, model.outputs];
  requireEqual('inputs, outputs', [model.inputs.length, model.outputs.length], [1, 1]);
  requireEqual('input shape', input!.shape.slice(1), featureShape(features));
  requireEqual('output shape', output!.shape.slice(1), [classes.length]);
}

function requireEqual(what: string, found: unknown, expected: unknown): void {
  const [has, needs] = [JSON.stringify(found), JSON.stringify(expected)];
  if (has !== needs) throw misfit(`has ${what}: ${has}`, needs);
}

function misfit(found: string, expected: string): Error {
  return new Error(`the model ${found}; ${descriptionFile} needs ${expected}`);
}

/** The fields of a description that define a network's outputs. */
type Outputs = Pick<StudentDescription, 'subclasses' | 'multiLabel'>;

/** Returns whether a network outputs the probabilities of classes instead of logits. */
function isSplit({ subclasses }: Outputs): boolean {
  return subclasses !== undefined;
}

/**
 * Returns the function that runs a model in its current state.
 * @param outputs The outputs of a network. Default: the logits of classes.
 */
export async function predictorOf(model: TrainableModel, outputs: Outputs = {}): Promise<Predict> {
  if (isNgrams(model)) return (rows) => model.predict(rows);
  const { predictProbabilities, runModel } = await import('./layers-student.ts');
  if (isSplit(outputs)) return (rows) => runModel(model, rows, (probabilities) => probabilities);
  const activation = outputActivation(outputs.multiLabel === true);
  return (rows) => predictProbabilities(model, rows, activation);
}

/** A function from examples to embeddings. */
export interface Embedder {
  /** Numbers per embedding. */
  readonly size: number;
  /** Computes embeddings: row-major, [n, size]. */
  of(rows: Rows): Float32Array;
}

/**
 * Returns the function that computes the input of the layer that scores the classes.
 * @throws UserError if a network's last layer is not Dense.
 */
export async function embedderOf(model: TrainableModel): Promise<Embedder> {
  if (isNgrams(model)) {
    return { size: model.layers.at(-1)!.inputs, of: (rows) => model.embed(rows) };
  }
  const { layersEmbedder } = await import('./layers-student.ts');
  return layersEmbedder(model);
}
