import type { Features } from '../../data/features/index.ts';
import { type Folds, foldOf } from '../../data/folds.ts';
import { type Calibration, calibrateOutputs } from '../../debias/calibration.ts';
import { predictions } from '../../debias/margin.ts';
import type { ObjectStore } from '../../store/store.ts';
import { embedderOf } from '../student.ts';
import type { Inputs, Teacher } from '../teacher.ts';
import { type MemberWeights, openMembers } from './members.ts';

/**
 * The models of cross-fitting, one per fold, as teachers. Each model has its own embedding space,
 * so the embedding of each teacher is that of the first model. In a mixture, it is the first model
 * of the teacher with the largest weight.
 */
export interface CrossFitted {
  /**
   * For examples that no model was trained on: the mean of all, and the vote of each, if an example
   * has one class.
   */
  readonly ensemble: Teacher;
  /**
   * Like `ensemble`, for examples that no model was trained on, but that decided the weights of a
   * mixture.
   */
  readonly judged: Teacher;
  /** For examples in folds: the model that was not trained on the example. */
  readonly outOfFold: Teacher;
  /** Input features of all; a mixture may read `moreFeatures`. */
  readonly features: Features;
  /** Frees the native memory. */
  dispose(): void;
}

/** Options of `openTrained`. */
export interface TrainedOptions {
  readonly embeds?: boolean;
  readonly calibrations?: readonly Calibration[] | undefined;
  readonly weights?: MemberWeights | undefined;
}

/**
 * Opens models that counterweight trained: those of one teacher, or of several that are mixed. The
 * models of a fold are first mixed, and then combined like those of one teacher.
 *
 * @param folders Keys of the folders of the teachers, with the last `/`.
 * @param options.embeds Whether the teachers output embeddings. Default: false.
 * @param options.calibrations One per fold, for the ensemble. Default: none.
 * @param options.weights Needed for several teachers.
 * @throws UserError if embeddings are wanted, and the models do not end in a Dense layer.
 */
export async function openTrained(
  store: ObjectStore,
  folders: readonly string[],
  folds: Folds,
  { embeds = false, calibrations, weights }: TrainedOptions = {},
): Promise<CrossFitted> {
  const members = await openMembers(store, folders, folds, weights);
  const { features, moreFeatures, decisions } = members;
  const embedding = embeds ? await embedderOf(members.main.model) : undefined;
  const shared = {
    embeddingSize: embedding?.size,
    ...(moreFeatures.length > 0 && { moreFeatures }),
    batchSize: members.batchSize,
    dispose: () => {}, // All share the models.
  };
  const embed = (inputs: Inputs) =>
    embedding && { embeddings: embedding.of(members.mainRows(inputs)) };
  const ensembleOf = (judge: boolean): Teacher => ({
    ...shared,
    ...(!decisions.isMultiLabel && { voters: folds.count }),
    isCalibrated: calibrations !== undefined,
    async predict(inputs) {
      const raw = members.outputs(inputs, judge);
      const all = calibrations
        ? raw.map((output, fold) => calibrateOutputs(output, calibrations[fold]!, decisions))
        : raw;
      return {
        probabilities: mean(all),
        ...(!decisions.isMultiLabel && { votes: votes(all, decisions.classes) }),
        ...(calibrations && { rawProbabilities: mean(raw) }),
        ...embed(inputs),
      };
    },
  });
  return {
    ensemble: ensembleOf(false),
    judged: ensembleOf(true),
    outOfFold: {
      ...shared,
      async predict(inputs) {
        const all = members.outputs(inputs, false);
        const chosen = inputs.ids.map((id) => all[foldOf(id, folds)]!);
        return { probabilities: pickRows(chosen, decisions.outputs), ...embed(inputs) };
      },
    },
    features,
    dispose: () => members.dispose(),
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

/** Collects row i of the i-th output. @param width Numbers per row. */
function pickRows(outputs: readonly Float32Array[], width: number): Float32Array {
  const rows = new Float32Array(outputs.length * width);
  outputs.forEach((output, row) => {
    rows.set(output.subarray(row * width, (row + 1) * width), row * width);
  });
  return rows;
}
