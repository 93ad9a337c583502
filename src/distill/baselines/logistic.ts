import { featureShape, kindOf } from '../../data/features/index.ts';
import { count, counted } from '../../format.ts';
import { saveModel } from '../../models/exporters.ts';
import { writeModelFiles } from '../../models/model-files.ts';
import { LayerList } from '../../models/networks/layers.ts';
import { modelFrom } from '../../models/topology.ts';
import type { Job } from '../../run/job.ts';
import { tf } from '../../tensorflow.ts';
import {
  bestPenalty,
  crossValidate,
  stratifiedFolds,
} from '../../train/logistic/cross-validation.ts';
import { searchWork } from '../../train/logistic/limits.ts';
import {
  fitLogistic,
  type LinearModel,
  sampleRows,
} from '../../train/logistic/logistic-regression.ts';
import { scaleColumns, unscaled } from '../../train/logistic/scaling.ts';
import type { BaselineTraining } from './baseline.ts';
import { inputsOf, type RowInputs, readRows } from './label-rows.ts';

/** Folds of the cross-validation. */
const maxFolds = 5;
/** C if there are too few labels for a cross-validation. */
const defaultPenalty = 1;

/**
 * Fits logistic regression on the true labels alone. Cross-validation chooses the penalty by the
 * log-loss.
 */
export const learn: BaselineTraining = async (job, folder, { signal }) => {
  const { features, classes, config } = job.plan;
  const inputs = inputsOf(featureShape(features), classes.length);
  const { rows, available } = await readRows(job, inputs);
  const scaling = kindOf(features).isScaled ? undefined : scaleColumns(rows);
  const searched = sampleRows(rows, Math.floor(searchWork / inputs.weights), config.seed);
  const folds = Math.min(maxFolds, searched.labels.length);
  const foldOf = stratifiedFolds(searched.labels, folds, config.seed);
  const penalty =
    folds > 1 ? bestPenalty(await crossValidate(searched, foldOf, signal)) : defaultPenalty;
  const fitted = await fitLogistic(rows, penalty, signal);
  await save(job, folder, inputs, scaling ? unscaled(fitted, scaling) : fitted);
  return { description: describe(rows.labels.length, available, inputs, penalty, folds) };
};

/** Saves the regression as a model that reads the student's features. */
async function save(
  job: Job,
  folder: string,
  { shape, pool }: RowInputs,
  { kernel, bias }: LinearModel,
): Promise<void> {
  const { classes, features } = job.plan;
  const layers = new LayerList(shape, 0);
  let x = layers.input;
  if (pool > 1) x = layers.averagePool(x, 'pool', pool);
  if (shape.length > 1) x = layers.flatten(x);
  const model = await modelFrom(layers.model('logistic', layers.classScores(x, classes.length)));
  const weights = tf.tidy(() => {
    const made = [
      tf.tensor2d(Float32Array.from(kernel), [kernel.length / classes.length, classes.length]),
      tf.tensor1d(Float32Array.from(bias)),
    ];
    model.setWeights(made);
    return made;
  });
  try {
    const description = { classes, features, createdBy: 'counterweight' };
    await writeModelFiles(job.results, folder, await saveModel(model, description));
  } finally {
    tf.dispose(weights);
    model.dispose();
  }
}

function describe(
  used: number,
  available: number,
  { pool }: RowInputs,
  penalty: number,
  folds: number,
): string {
  const labels =
    used < available
      ? `a sample of ${count(used)} of ${count(available)} labels`
      : `${counted(used, 'label')} alone`;
  const pixels = pool > 1 ? `, on squares of ${pool} × ${pool} pixels averaged` : '';
  const chosen = folds > 1 ? `, chosen by ${folds}-fold cross-validation` : '';
  return `Logistic regression, trained on ${labels}${pixels}, with C = ${Number(penalty.toPrecision(2))}${chosen}.`;
}
