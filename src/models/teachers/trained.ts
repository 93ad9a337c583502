import { type Features, featureShape } from '../../data/features/index.ts';
import { type Folds, foldOf } from '../../data/folds.ts';
import { type Calibration, calibrate } from '../../debias/calibration.ts';
import { predictions } from '../../debias/margin.ts';
import type { ObjectStore } from '../../store/store.ts';
import { batchSizeFor } from '../batch-size.ts';
import { foldFolder, readModelFiles } from '../model-files.ts';
import { embedderOf, loadModel, type Student } from '../student.ts';
import type { Inputs, Teacher } from '../teacher.ts';

/**
 * The models of cross-fitting, one per fold, as teachers. Each model has its own embedding space,
 * so the embedding of either teacher is that of the first model.
 */
export interface CrossFitted {
  /** For examples that no model was trained on: the mean of all, and the vote of each. */
  readonly ensemble: Teacher;
  /** For examples in folds: the model that was not trained on the example. */
  readonly outOfFold: Teacher;
  /** Input features of both. */
  readonly features: Features;
  /** Frees the native memory. */
  dispose(): void;
}

/** Options of `openTrained`. */
export interface TrainedOptions {
  readonly embeds?: boolean;
  readonly calibrations?: readonly Calibration[] | undefined;
}

/**
 * Opens models that counterweight trained.
 * @param folder Key of the folder of all models, with the last `/`.
 * @param options.embeds Whether the teachers output embeddings. Default: false.
 * @param options.calibrations One per model, for the ensemble. Default: none.
 * @throws UserError if embeddings are wanted, and the models do not end in a Dense layer.
 */
export async function openTrained(
  store: ObjectStore,
  folder: string,
  folds: Folds,
  { embeds = false, calibrations }: TrainedOptions = {},
): Promise<CrossFitted> {
  const models: Student[] = [];
  for (let fold = 0; fold < folds.count; fold++) {
    models.push(await loadModel(await readModelFiles(store, foldFolder(folder, fold))));
  }
  const { features, classes } = models[0]!.description;
  const embedding = embeds ? await embedderOf(models[0]!.model) : undefined;
  const shared = {
    embeddingSize: embedding?.size,
    batchSize: batchSizeFor(featureShape(features)),
    dispose: () => {}, // Both share the models.
  };
  const outputs = ({ rows }: Inputs) => models.map((model) => model.predict(rows));
  const embed = ({ rows }: Inputs) => embedding && { embeddings: embedding.of(rows) };
  return {
    ensemble: {
      ...shared,
      voters: models.length,
      isCalibrated: calibrations !== undefined,
      async predict(inputs) {
        const raw = outputs(inputs);
        const all = calibrations
          ? raw.map((output, fold) => calibrate(output, calibrations[fold]!))
          : raw;
        return {
          probabilities: mean(all),
          votes: votes(all, classes.length),
          ...(calibrations && { rawProbabilities: mean(raw) }),
          ...embed(inputs),
        };
      },
    },
    outOfFold: {
      ...shared,
      async predict(inputs) {
        const all = outputs(inputs);
        const chosen = inputs.ids.map((id) => all[foldOf(id, folds)]!);
        return { probabilities: pickRows(chosen, classes.length), ...embed(inputs) };
      },
    },
    features,
    dispose() {
      for (const model of models) model.dispose();
    },
  };
}

function mean(outputs: readonly Float32Array[]): Float32Array {
  const sum = new Float32Array(outputs[0]!.length);
  for (const output of outputs) {
    for (let i = 0; i < sum.length; i++) sum[i]! += output[i]!;
  }
  return sum.map((value) => value / outputs.length);
}

/** Returns the most likely class of each model: [n, models]. */
function votes(outputs: readonly Float32Array[], classes: number): Int32Array {
  const columns = outputs.map((output) => predictions(output, classes));
  const n = columns[0]!.length;
  const table = new Int32Array(n * columns.length);
  columns.forEach((column, voter) => {
    for (let row = 0; row < n; row++) table[row * columns.length + voter] = column[row]!;
  });
  return table;
}

/** Collects row i of the i-th output. */
function pickRows(outputs: readonly Float32Array[], classes: number): Float32Array {
  const rows = new Float32Array(outputs.length * classes);
  outputs.forEach((output, row) => {
    rows.set(output.subarray(row * classes, (row + 1) * classes), row * classes);
  });
  return rows;
}
