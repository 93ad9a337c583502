/**
 * The table of exporters: the formats in which a student is saved. Other models, such as teachers,
 * are only saved as `layers-model`, from which the workflow loads them. An `ngrams` model has files
 * of its own (`ngrams/files.ts`). All files are in the model's folder. `student.json` is written
 * last; it describes the outputs, and how to make the input from an example.
 */
import type { z } from 'zod';
import { encoderIn } from '../data/features/index.ts';
import { sha256 } from '../digest.ts';
import { parseWith } from '../store/once.ts';
import { parseUnsealed, sealJson, toJson } from '../store/seal.ts';
import { tableOf } from '../table.ts';
import type { Exporter, ModelFiles } from './exports/exporter.ts';
import { onnxExporter, onnxFloat16Exporter, onnxInt8Exporter } from './exports/onnx.ts';
import { NotExportable } from './exports/operations.ts';
import { savedModelExporter } from './exports/saved-model.ts';
import { writeNgrams } from './ngrams/files.ts';
import { ngramsFile, ngramsWeightsFile } from './ngrams/names.ts';
import { type StudentDescription, studentSchema } from './student-description.ts';
import {
  classSumsWeight,
  outputActivation,
  topologyOf,
  withClassSums,
  withOutputActivation,
} from './topology.ts';
import { isNgrams, type TrainableModel } from './trainable.ts';

export const topologyFile = 'model.json';
export const weightsFile = 'weights.bin';
/** Written last, so that it marks the model as complete. */
export const descriptionFile = 'student.json';

/** A tfjs LayersModel that outputs probabilities, so any TensorFlow.js program loads it. */
export const layersModelExporter = {
  name: 'layers-model',
  files: [topologyFile, weightsFile],
  write(model, { classes, subclasses, multiLabel = false, createdBy }) {
    const weights = model.weights.map((weight) => ({
      name: weight.originalName,
      shape: weight.shape,
      values: weight.read().dataSync<'float32'>(),
    }));
    let topology = withOutputActivation(topologyOf(model), outputActivation(multiLabel));
    if (subclasses !== undefined) {
      topology = withClassSums(topology, classes.length);
      weights.push(classSumsWeight(classes.length, subclasses));
    }
    const specs = weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' }));
    const json = {
      format: 'layers-model',
      generatedBy: createdBy,
      convertedBy: null,
      modelTopology: topology,
      weightsManifest: [{ paths: [weightsFile], weights: specs }],
    };
    return new Map([
      [topologyFile, toJson(json)],
      [weightsFile, floatBytes(weights.map(({ values }) => values))],
    ]);
  },
} as const satisfies Exporter;

export const exporters = tableOf(
  layersModelExporter,
  onnxExporter,
  savedModelExporter,
  onnxFloat16Exporter,
  onnxInt8Exporter,
);

/** All formats, for a student. */
export const allExporters: readonly Exporter[] = Object.values(exporters);

/** Names of the files of each kind of model, without its description. */
export const modelFileNames = {
  layers: allExporters.flatMap(({ files }) => files),
  ngrams: [ngramsFile, ngramsWeightsFile],
};

/** Returns the name of the file with the weights of a model. */
export function weightsFileOf(model: TrainableModel): string {
  return isNgrams(model) ? ngramsWeightsFile : weightsFile;
}

/** Returns a file of a model. @throws Error if it is missing. */
export function modelFile(files: ModelFiles, name: string): Uint8Array {
  const bytes = files.get(name);
  if (!bytes) throw new Error(`the model has no file '${name}'`);
  return bytes;
}

/**
 * Parses a file of a model.
 * @throws UserError if it is not JSON, or does not fit the schema.
 */
export function parseModelFile<T>(files: ModelFiles, name: string, schema: z.ZodType<T>): T {
  return parseWith(schema, parseUnsealed(modelFile(files, name), name), name);
}

/** Concatenates float32 values; tfjs-node runs only on little-endian platforms. */
function floatBytes(weights: readonly Float32Array[]): Uint8Array {
  return Buffer.concat(
    weights.map(({ buffer, byteOffset, byteLength }) =>
      Buffer.from(buffer, byteOffset, byteLength),
    ),
  );
}

/**
 * Makes all files of a trained model, `student.json` last.
 * @param model A network outputs logits, of the classes or of all their subclasses.
 * @param rows The exporters of networks to use. Default: `layers-model`, which the workflow loads.
 * @param beside Other files of the folder, which the description lists, too. Default: none.
 * @throws Error if an exporter makes other files than it declares.
 */
export async function saveModel(
  model: TrainableModel,
  description: StudentDescription,
  rows: readonly Exporter[] = [layersModelExporter],
  beside: ModelFiles = new Map(),
): Promise<ModelFiles> {
  if (isNgrams(model)) {
    const described = studentSchema.parse({ ...description, network: 'ngrams' });
    return withDescription(new Map([...beside, ...writeNgrams(model)]), described);
  }
  const files = new Map(beside);
  const notExported: Record<string, string> = {};
  const isHead = encoderIn(description.features) !== undefined;
  for (const exporter of rows) {
    // The others would be without the encoder; Evaluate makes those that contain it.
    if (isHead && exporter.name !== layersModelExporter.name) continue;
    const made = await orReason(() => exporter.write(model, description));
    if (typeof made === 'string') {
      notExported[exporter.name] = made;
      continue;
    }
    for (const name of exporter.files) {
      const bytes = made.get(name);
      if (!bytes || files.has(name)) {
        throw new Error(`the exporter '${exporter.name}' must make '${name}', and no other may`);
      }
      files.set(name, bytes);
    }
  }
  const described = {
    ...description,
    ...(Object.keys(notExported).length > 0 && { notExported }),
  };
  return withDescription(files, studentSchema.parse(described));
}

/** Returns the files of an exporter, or the reason why there are none. */
async function orReason(write: () => ReturnType<Exporter['write']>): Promise<ModelFiles | string> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof NotExportable) return error.message;
    throw error;
  }
}

/** Adds `student.json` with the digests of the other files. */
function withDescription(files: ModelFiles, description: StudentDescription): ModelFiles {
  const digests = Array.from(files, ([name, bytes]) => [name, sha256(bytes)] as const);
  const described = { ...description, files: Object.fromEntries(digests) };
  return new Map([...files, [descriptionFile, sealJson(described)]]);
}
