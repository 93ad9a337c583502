/** Linear models of true labels, trained until they converge: a baseline, and heads of teachers. */
import { type Features, featureShape, isScaled } from '../data/features/index.ts';
import { count, counted } from '../format.ts';
import { saveModel } from '../models/exporters.ts';
import { writeModelFiles } from '../models/model-files.ts';
import { LayerList } from '../models/networks/layers.ts';
import { modelFrom } from '../models/topology.ts';
import type { Job } from '../run/job.ts';
import { descriptionOf, planDecisions } from '../run/plan-file.ts';
import { tf } from '../tensorflow.ts';
import { bestPenalty, crossValidate, stratifiedFolds } from '../train/logistic/cross-validation.ts';
import { type LabeledRows, type LinearModel, sampleRows } from '../train/logistic/labeled-rows.ts';
import { searchWork } from '../train/logistic/limits.ts';
import { fitLogistic, labelScores } from '../train/logistic/logistic-regression.ts';
import { rotatedBack, toPrincipalAxes } from '../train/logistic/principal-axes.ts';
import { scaleColumns, unscaled } from '../train/logistic/scaling.ts';
import type { ShardSource } from '../train/stream.ts';
import { inputsOf, type RowInputs, type RowLimits, readRows } from './label-rows.ts';
import type { TrainingExample } from './training-example.ts';

/** Folds of the cross-validation. */
const maxFolds = 5;
/** C if there are too few labels for a cross-validation. */
const defaultPenalty = 1;

/** Logistic regression on true labels. */
export interface LinearFit {
  readonly inputs: RowInputs;
  readonly model: LinearModel;
  /** Labels that it learned. */
  readonly used: number;
  /** Labels in the sources. */
  readonly available: number;
  /** Labels and settings, as a part of a sentence: `trained on 80 labels, with C = 1`. */
  readonly description: string;
}

/**
 * Fits logistic regression to true labels. Cross-validation chooses the penalty by the log-loss. In
 * a multi-label task, every label has a regression and a penalty of its own.
 *
 * @param features What the model reads: numbers.
 * @param limits Limits on memory and time; with more labels, a sample is used.
 * @throws UserError if there are too many weights.
 */
export async function fitLinear(
  job: Job,
  features: Features,
  sources: readonly ShardSource<TrainingExample>[],
  limits: RowLimits,
  signal: AbortSignal,
): Promise<LinearFit> {
  const { classes, config } = job.plan;
  const inputs = inputsOf(featureShape(features), classes.length);
  const { rows: read, decided, available } = await readRows(job, features, sources, inputs, limits);
  const scaling = scaleColumns(read, !isScaled(features));
  const { rows, axes } = toPrincipalAxes(read);
  const searched = Math.floor(searchWork / inputs.weights);
  const fits: DecisionFit[] = [];
  for (const labels of decided) {
    fits.push(await fitDecision({ ...rows, labels }, searched, config.seed, signal));
  }
  const models = fits.map(({ model }) => model);
  const fitted = planDecisions(job.plan).isMultiLabel ? labelScores(models) : models[0]!;
  const used = rows.labels.length;
  return {
    ...{ inputs, used, available },
    model: unscaled(axes ? rotatedBack(fitted, axes) : fitted, scaling),
    description: describe(used, available, inputs, fits),
  };
}

/** The regression of one decision. */
interface DecisionFit {
  readonly model: LinearModel;
  /** C. */
  readonly penalty: number;
  /** Folds of the cross-validation that chose it; 1 for none. */
  readonly folds: number;
}

/** @param size Maximum examples of the search for the penalty. */
async function fitDecision(
  rows: LabeledRows,
  size: number,
  seed: number,
  signal: AbortSignal,
): Promise<DecisionFit> {
  const searched = sampleRows(rows, size, seed);
  const folds = Math.min(maxFolds, searched.labels.length);
  const foldOf = stratifiedFolds(searched.labels, folds, seed);
  const penalty =
    folds > 1 ? bestPenalty(await crossValidate(searched, { foldOf }, signal)) : defaultPenalty;
  return { model: await fitLogistic(rows, penalty, signal), penalty, folds };
}

/** Saves a fitted model as a network that reads the features. */
export async function saveLinear(
  job: Job,
  folder: string,
  features: Features,
  { inputs: { shape, pool }, model: { kernel, bias } }: Pick<LinearFit, 'inputs' | 'model'>,
): Promise<void> {
  const { classes } = job.plan;
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
    const description = descriptionOf(job.plan, features);
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
  fits: readonly DecisionFit[],
): string {
  const labels =
    used < available
      ? `a sample of ${count(used)} of ${count(available)} labels`
      : `${counted(used, 'label')} alone`;
  const pixels = pool > 1 ? `, on squares of ${pool} × ${pool} pixels averaged` : '';
  const { folds } = fits[0]!;
  const chosen = folds > 1 ? `, chosen by ${folds}-fold cross-validation` : '';
  const penalties = fits.map(({ penalty }) => Number(penalty.toPrecision(2)));
  const [least, most] = [Math.min(...penalties), Math.max(...penalties)];
  const penalty = least === most ? `C = ${least}` : `C from ${least} to ${most} per label`;
  return `trained on ${labels}${pixels}, with ${penalty}${chosen}`;
}
