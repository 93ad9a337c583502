import { type Features, featureShape } from '../../data/features.ts';
import { type Folds, foldOf } from '../../data/folds.ts';
import { predictions } from '../../debias/margin.ts';
import { keys } from '../../stages/keys.ts';
import { readBytes } from '../../store/once.ts';
import type { ObjectStore } from '../../store/store.ts';
import { batchSizeFor } from '../batch-size.ts';
import { loadModel, type Student } from '../student.ts';
import type { Inputs, Teacher } from '../teacher.ts';

/** The models that cross-fitting gave, one a fold, as teachers. */
export interface CrossFitted {
  /** For examples that none of them has learned: the mean of all, and the votes of each. */
  readonly ensemble: Teacher;
  /** For examples that were dealt into folds: the one that has not learned the example. */
  readonly outOfFold: Teacher;
  /** What they are fed. */
  readonly features: Features;
  /** Frees the native memory. */
  dispose(): void;
}

/**
 * Opens models that counterweight trained, each as `saveModel` writes it.
 * @param folder the key of the folder of all, with the last `/`.
 */
export async function openTrained(
  store: ObjectStore,
  folder: string,
  folds: Folds,
): Promise<CrossFitted> {
  const models: Student[] = [];
  for (let fold = 0; fold < folds.count; fold++) {
    models.push(await openModel(store, keys.fold(folder, fold)));
  }
  const { features, classes } = models[0]!.description;
  const shared = {
    embeddingSize: undefined,
    batchSize: batchSizeFor(featureShape(features)),
    dispose: () => {}, // The models are those of both.
  };
  const outputs = ({ ids, values }: Inputs) =>
    models.map((model) => model.predict(values, ids.length));
  return {
    ensemble: {
      ...shared,
      voters: models.length,
      async predict(inputs) {
        const all = outputs(inputs);
        return { probabilities: mean(all), votes: votes(all, classes.length) };
      },
    },
    outOfFold: {
      ...shared,
      async predict(inputs) {
        const all = outputs(inputs);
        const chosen = inputs.ids.map((id) => all[foldOf(id, folds)]!);
        return { probabilities: pickRows(chosen, classes.length) };
      },
    },
    features,
    dispose() {
      for (const model of models) model.dispose();
    },
  };
}

async function openModel(store: ObjectStore, folder: string): Promise<Student> {
  const files = new Map<string, Uint8Array>();
  for (const name of ['model.json', 'weights.bin', 'student.json']) {
    files.set(name, await readBytes(store, `${folder}${name}`));
  }
  return loadModel(files);
}

function mean(outputs: readonly Float32Array[]): Float32Array {
  const sum = new Float32Array(outputs[0]!.length);
  for (const output of outputs) {
    for (let i = 0; i < sum.length; i++) sum[i]! += output[i]!;
  }
  return sum.map((value) => value / outputs.length);
}

/** The most likely class of each model: [n, models]. */
function votes(outputs: readonly Float32Array[], classes: number): Int32Array {
  const columns = outputs.map((output) => predictions(output, classes));
  const n = columns[0]!.length;
  const table = new Int32Array(n * columns.length);
  columns.forEach((column, voter) => {
    for (let row = 0; row < n; row++) table[row * columns.length + voter] = column[row]!;
  });
  return table;
}

/** Row i of the i-th output. */
function pickRows(outputs: readonly Float32Array[], classes: number): Float32Array {
  const rows = new Float32Array(outputs.length * classes);
  outputs.forEach((output, row) => {
    rows.set(output.subarray(row * classes, (row + 1) * classes), row * classes);
  });
  return rows;
}
