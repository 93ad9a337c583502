/** Small students of every architecture, each saved as a run saves it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Example } from '../../src/data/example.ts';
import { createEncoder, type Features, featureShape } from '../../src/data/features/index.ts';
import { isDecoded, numbersOf, type Rows, rowsOf } from '../../src/data/features/kind.ts';
import { randomFor } from '../../src/data/random.ts';
import type { CardFacts } from '../../src/evaluate/card/facts.ts';
import { usageSections } from '../../src/evaluate/card/usage.ts';
import type { EncoderDescription, PretrainedEncoder } from '../../src/models/encoders/encoder.ts';
import { openDescribed } from '../../src/models/encoders/open-encoder.ts';
import { readNormalizer, storeEncoder } from '../../src/models/encoders/stored-encoder.ts';
import { allExporters, exporters, saveModel } from '../../src/models/exporters.ts';
import { encoderFolder, writeModelFiles } from '../../src/models/model-files.ts';
import { architectureOf, type Network } from '../../src/models/networks/index.ts';
import type { StudentDescription } from '../../src/models/student-description.ts';
import { scoresLayer } from '../../src/models/subclass-outputs.ts';
import { inputShapeOf } from '../../src/models/topology.ts';
import { asLayers, isNgrams, type TrainableModel } from '../../src/models/trainable.ts';
import { FolderStore } from '../../src/store/folder.ts';
import { tf, type tfTypes } from '../../src/tensorflow.ts';
import { openTrainingStep } from '../../src/train/open-step.ts';
import { describeFixture } from '../models/encoders/fixtures.ts';

/** Names of the classes or labels; none of them is plain ASCII for all programs. */
export const classes = ['bad', 'good', 'so;so', 'größe "x"', '映画'];

/** A student to make. */
export interface StudentPlan {
  readonly network: Network;
  /** Features of the examples. */
  readonly features: Features;
  readonly isMultiLabel: boolean;
  /** Files that the network reads, by key. */
  readonly files?: ReadonlyMap<string, Uint8Array>;
}

/** Seed of all random numbers. */
const seed = 5;

/** Examples per training step, and steps: enough that no weight is as at the start. */
const [batchSize, steps] = [16, 2] as const;

/**
 * Trains a student for two steps and saves it with all exports and the programs of its card.
 * @param examples The first ones are learned, with random targets.
 * @returns its encoder, if it has one; the caller disposes of it.
 */
export async function makeStudent(
  folder: string,
  plan: StudentPlan,
  examples: readonly Example[],
): Promise<PretrainedEncoder | undefined> {
  const store = new FolderStore(folder);
  const { network, features, isMultiLabel } = plan;
  const found =
    network.architecture === undefined ? await openFixture(features.kind, store) : undefined;
  const read: Features = found
    ? { kind: 'vector', length: found.encoder.dimension, encoder: found.encoder.digest }
    : features;
  const problem = {
    inputShape: featureShape(read),
    classes: classes.length,
    isMultiLabel,
    readFile: async (key: string) => plan.files!.get(key)!,
  };
  const model = await architectureOf(network).build(network, problem, seed);
  const first = examples.slice(0, batchSize);
  await train(
    model,
    plan,
    found ? await embedded(found.encoder, first) : await rowsOfExamples(read, first),
  );
  const description: StudentDescription = {
    classes,
    features: read,
    ...(found && { examples: features }),
    ...(isMultiLabel && { multiLabel: true }),
    createdBy: 'a test',
  };
  await writeModelFiles(store, '', await saveModel(model, description, allExporters));
  if (found) {
    const { encoder } = found;
    const parts = {
      ...{ description: found.description, output: encoder.output },
      readModel: () => readFile(join(folder, encoderFolder, found.description.model)),
    };
    const made = await exporters.onnx.writeWithEncoder(
      { model: asLayers(model), description },
      parts,
    );
    await writeModelFiles(store, '', made);
  }
  model.dispose();
  await writePrograms(folder, description, found?.description);
  return found?.encoder;
}

async function openFixture(kind: Features['kind'], store: FolderStore) {
  const reads = kind === 'text' ? 'text' : 'image';
  const described = await describeFixture(reads, { path: reads });
  await storeEncoder(described, store, encoderFolder);
  const encoder = await openDescribed(described, join(store.location, 'scratch'));
  return { encoder, description: described.description };
}

async function embedded(encoder: PretrainedEncoder, examples: readonly Example[]): Promise<Rows> {
  const { embeddings } = await encoder.embed(examples);
  return { n: examples.length, values: embeddings };
}

/** Converts examples to what a model of these features reads. */
export async function rowsOfExamples(
  features: Features,
  examples: readonly Example[],
): Promise<Rows> {
  const encoder = createEncoder(features);
  const decoded = await Promise.all(examples.map((example) => encoder.decode(example)));
  return rowsOf(
    encoder,
    decoded.map((one) => {
      if (isDecoded(one)) return one;
      throw new Error(`'${one.id}': ${one.reason}`);
    }),
  );
}

async function train(model: TrainableModel, { isMultiLabel }: StudentPlan, rows: Rows) {
  const random = randomFor(seed);
  const size = rows.n;
  const step = await openTrainingStep(
    model,
    { optimizer: 'adam', momentum: 0.9, weightDecay: 0 },
    {
      batchSizes: [size],
      seed,
      ...(isMultiLabel && { loss: { kind: 'binaryCrossEntropy' } as const }),
      warn: () => {},
    },
  );
  const targets = new Float32Array(size * classes.length);
  for (let row = 0; row < size; row++) {
    targets[row * classes.length + Math.floor(classes.length * random())] = 1;
  }
  const perRow = new Float32Array(size * (isMultiLabel ? classes.length : 1)).fill(1);
  for (let count = 0; count < (isNgrams(model) ? 10 * steps : steps); count++) {
    step.run({ size, rows, targets, weights: perRow, teacherMargins: perRow }, 0.003);
  }
  step.updateModel();
  step.dispose();
  if (!isNgrams(model)) spreadScores(model, rows);
}

/**
 * Scales the last layer so that scores have the mean 0 and the deviation 2 on some examples. After
 * two steps, those of a deep network are so large that all probabilities are 0 or 1.
 */
function spreadScores(model: tfTypes.LayersModel, rows: Rows): void {
  const layer = scoresLayer(model);
  tf.tidy(() => {
    const input = tf.tensor(numbersOf(rows), [rows.n, ...inputShapeOf(model)]);
    // A model with one output gives one tensor.
    const { mean, variance } = tf.moments(model.predict(input) as tfTypes.Tensor, 0);
    const factor = tf.div(2, variance.mean().sqrt());
    const [kernel, bias] = layer.getWeights();
    layer.setWeights([kernel!.mul(factor), bias!.sub(mean).mul(factor)]);
  });
}

/** Writes the programs of the card: `card.py`, and `card.js` if there is one for browsers. */
async function writePrograms(
  folder: string,
  description: StudentDescription,
  encoder: EncoderDescription | undefined,
): Promise<void> {
  const exports = [{ format: 'onnx', bytes: 1, examples: 1, largestDifference: 0 }];
  // The section reads no other facts.
  const run = { students: [{ variant: 'student', exports }] } as unknown as CardFacts['run'];
  const normalizer =
    encoder?.reads === 'text'
      ? await readNormalizer(new FolderStore(folder), encoderFolder, encoder)
      : undefined;
  const facts = { run, student: 'student', description, encoder, normalizer } as CardFacts;
  const text = usageSections(facts).join('\n\n');
  for (const [language, file] of [
    ['python', 'card.py'],
    ['js', 'card.js'],
  ] as const) {
    const [, program] = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'ms').exec(text) ?? [];
    if (program) await writeFile(join(folder, file), program.replace(/^print\(predict.*\n$/m, ''));
  }
}
