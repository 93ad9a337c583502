/**
 * The table of exporters: the formats in which every trained model is saved. All files are in the
 * model's folder. `student.json` is written last; it describes the outputs, and how to make the
 * input from an example.
 */
import { toJson } from '../store/once.ts';
import { tableOf } from '../table.ts';
import type { tfTypes } from '../tensorflow.ts';
import { type StudentDescription, studentSchema } from './student-description.ts';
import { classSumsWeight, topologyOf, withClassSums, withOutputActivation } from './topology.ts';

/** The files of a model by their names in its folder. */
export type ModelFiles = ReadonlyMap<string, Uint8Array>;

/** A row of the table of exporters. */
export interface Exporter {
  readonly name: string;
  /** Names of its files, which no other exporter has. */
  readonly files: readonly string[];
  /**
   * Makes the files. The same model must give the same bytes.
   * @param model Outputs logits, of the classes or of all their subclasses.
   */
  write(
    model: tfTypes.LayersModel,
    description: StudentDescription,
  ): ModelFiles | Promise<ModelFiles>;
}

export const topologyFile = 'model.json';
export const weightsFile = 'weights.bin';
/** Written last, so that it marks the model as complete. */
export const descriptionFile = 'student.json';

/** A tfjs LayersModel that outputs class probabilities, so any TensorFlow.js program loads it. */
export const layersModelExporter = {
  name: 'layers-model',
  files: [topologyFile, weightsFile],
  write(model, { classes, subclasses, createdBy }) {
    const weights = model.weights.map((weight) => ({
      name: weight.originalName,
      shape: weight.shape,
      values: weight.read().dataSync<'float32'>(),
    }));
    let topology = withOutputActivation(topologyOf(model), 'softmax');
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

export const exporters = tableOf(layersModelExporter);

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
 * @param model Outputs logits, of the classes or of all their subclasses.
 * @param rows The exporters to use. Default: the whole table.
 * @throws Error if an exporter makes other files than it declares.
 */
export async function saveModel(
  model: tfTypes.LayersModel,
  description: StudentDescription,
  rows: readonly Exporter[] = Object.values(exporters),
): Promise<ModelFiles> {
  const files = new Map<string, Uint8Array>();
  for (const exporter of rows) {
    const made = await exporter.write(model, description);
    for (const name of exporter.files) {
      const bytes = made.get(name);
      if (!bytes || files.has(name)) {
        throw new Error(`the exporter '${exporter.name}' must make '${name}', and no other may`);
      }
      files.set(name, bytes);
    }
  }
  return files.set(descriptionFile, toJson(studentSchema.parse(description)));
}
