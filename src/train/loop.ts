/**
 * The training loop, with checkpoints. A training that was stopped anywhere and resumed ends with
 * the same bytes as an uninterrupted one.
 */
import { setImmediate } from 'node:timers/promises';
import { classSums, type Decisions, decisionRows } from '../debias/decisions.ts';
import { predictions } from '../debias/margin.ts';
import { InterruptedError, UserError } from '../errors.ts';
import type { Batch, Reweigh } from './batch-shape.ts';
import { type Checkpoints, checkpointSeconds, type TrainingProgress } from './checkpoint.ts';
import type { EpochRecord, HeldOutFigures } from './epoch.ts';
import { learningRateAt, type ScheduleConfig } from './schedule.ts';
import type { TrainingStep } from './step.ts';

/** Recomputation of the loss weights at the start of each epoch except the first. */
export interface Reweighting {
  /**
   * Evaluates the current student: its probabilities on the validation set. The numbers are stored
   * in the checkpoints, because a resumed training no longer has the student of the epoch's start.
   */
  measure(): Promise<Float32Array>;
  /** Makes the weight function from the numbers; must not depend on other state. */
  reweigh(measured: Float32Array): Reweigh;
}

export interface Training {
  /** The name of the network for errors, if the stage trains several. */
  readonly part?: string | undefined;
  readonly step: TrainingStep;
  /** Reads the batches of an epoch (from 0), without the first `skip`; the same in every call. */
  batches(epoch: number, skip: number): AsyncIterable<Batch>;
  readonly batchesPerEpoch: number;
  readonly epochs: number;
  readonly schedule: ScheduleConfig;
  /** Decisions of the task. The model may have several outputs per class: subclasses. */
  readonly decisions: Decisions;
  /** Default: the weights of the batches apply in all epochs. */
  readonly reweighting?: Reweighting | undefined;
  /** Default: a stopped training starts from the beginning. */
  readonly checkpoints?: Checkpoints | undefined;
  /** Time between checkpoints. Default: 60,000. */
  readonly checkpointEveryMs?: number;
  readonly signal: AbortSignal;
  /** Called after every step with the numbers of finished and of all steps. */
  report?(done: number, total: number): void;
  /** Measures the model at the end of every epoch, after `updateModel`. Default: no figures. */
  measureHeldOut?: (() => Promise<HeldOutFigures>) | undefined;
  /** Called at the end of every epoch. */
  onEpoch?(record: EpochRecord): void | Promise<void>;
}

/** Name of the numbers of `Reweighting.measure` in a checkpoint. */
const measuredName = 'reweighting/measured';

const noSums = () => ({ loss: 0, examples: 0, weight: 0, weighted: 0, agreed: 0, seconds: 0 });

/**
 * Trains a model, from the newest checkpoint if there is one.
 * @returns the record of every epoch.
 * @throws InterruptedError if `signal` is aborted, after writing a checkpoint.
 * @throws UserError if the loss is no longer a number.
 */
export async function train(training: Training): Promise<EpochRecord[]> {
  const { epochs, signal, checkpoints } = training;
  const run = await resume(training);
  try {
    while (run.progress.epoch < epochs) await trainEpoch(training, run);
    training.step.updateModel();
    return run.progress.history;
  } catch (error) {
    // The state is that after the last whole step, whatever the abort interrupted.
    if (!signal.aborted) throw error;
    await save(training, run);
    const kept = checkpoints ? 'is kept' : 'is lost, since there are no checkpoints';
    throw new InterruptedError(`stopped after step ${run.progress.step}; progress ${kept}`);
  }
}

/** State of a training. Changes only between steps, never within a step. */
interface Run {
  progress: TrainingProgress;
  /** Result of `Reweighting.measure` in this epoch. */
  measured: Float32Array | undefined;
  savedStep: number;
  savedAtMs: number;
}

async function resume({ step, checkpoints }: Training): Promise<Run> {
  const found = await checkpoints?.load();
  const savedAtMs = performance.now();
  if (!found) {
    const progress = { epoch: 0, batch: 0, step: 0, sums: noSums(), history: [] };
    return { progress, measured: undefined, savedStep: 0, savedAtMs };
  }
  const { progress, tensors } = found;
  const measured = tensors.get(measuredName)?.values;
  tensors.delete(measuredName);
  step.restore(tensors);
  return { progress, measured, savedStep: progress.step, savedAtMs };
}

async function save({ step, checkpoints }: Training, run: Run): Promise<void> {
  const { progress, measured } = run;
  if (!checkpoints || run.savedStep === progress.step) return;
  const tensors = step.state();
  if (measured) tensors.set(measuredName, { shape: [measured.length], values: measured });
  await checkpoints.save({ progress, tensors });
  run.savedStep = progress.step;
  run.savedAtMs = performance.now();
}

async function trainEpoch(training: Training, run: Run): Promise<void> {
  const { step, batches, batchesPerEpoch, epochs, reweighting, signal, report } = training;
  const { epoch, batch: skip } = run.progress;
  let sinceMs = performance.now();
  signal.throwIfAborted();
  if (epoch > 0 && reweighting && !run.measured) {
    step.updateModel();
    run.measured = await reweighting.measure();
  }
  const reweigh = run.measured && reweighting?.reweigh(run.measured);

  for await (const batch of batches(epoch, skip)) {
    // Steps block the event loop: timers and signals are processed here.
    await setImmediate();
    signal.throwIfAborted();
    takeStep(training, run, batch, reweigh);
    const nowMs = performance.now();
    run.progress.sums.seconds += (nowMs - sinceMs) / 1000;
    sinceMs = nowMs;
    report?.(run.progress.step, epochs * batchesPerEpoch);
    if (nowMs - run.savedAtMs >= (training.checkpointEveryMs ?? 1000 * checkpointSeconds))
      await save(training, run);
  }
  await endEpoch(training, run);
}

/** Adds the record of a finished epoch to the history, and sets the progress to the next epoch. */
async function endEpoch(training: Training, run: Run): Promise<void> {
  const { step, batchesPerEpoch, onEpoch } = training;
  const { epoch, batch, sums, history } = run.progress;
  if (batch !== batchesPerEpoch) {
    throw new Error(`epoch ${epoch} had ${batch} batches; expected ${batchesPerEpoch}`);
  }
  if (training.measureHeldOut) step.updateModel();
  const heldOut = (await training.measureHeldOut?.()) ?? null;
  const record = {
    epoch,
    loss: sums.loss / sums.examples,
    meanWeight: sums.weighted > 0 ? sums.weight / sums.weighted : null,
    agreement: sums.weighted > 0 ? sums.agreed / sums.weighted : null,
    heldOut,
    seconds: sums.seconds,
  };
  run.progress = {
    epoch: epoch + 1,
    batch: 0,
    step: run.progress.step,
    sums: noSums(),
    history: [...history, record],
  };
  run.measured = undefined;
  await onEpoch?.(record);
}

/** Takes one step and updates the progress. */
function takeStep(training: Training, run: Run, batch: Batch, reweigh: Reweigh | undefined): void {
  const { step, schedule, epochs, batchesPerEpoch, decisions } = training;
  const { progress } = run;
  const rate = learningRateAt(progress.step, epochs * batchesPerEpoch, schedule);
  const { loss, weights, probabilities } = step.run(batch, rate, reweigh);
  if (!Number.isFinite(loss)) {
    const name = training.part === undefined ? '' : `${training.part}: `;
    throw new UserError(
      `${name}the loss became ${loss} at step ${progress.step + 1}, at a learning rate of ${rate}`,
      'Try a smaller learningRate.',
    );
  }
  const { sums } = progress;
  sums.loss += loss * batch.size;
  sums.examples += batch.size;
  const predicted = decided(probabilities, batch.size, decisions);
  const labels = decided(batch.targets, batch.size, decisions);
  for (let i = 0; i < weights.length; i++) {
    if (Number.isNaN(batch.teacherMargins[i])) continue;
    sums.weight += weights[i]!;
    sums.weighted++;
    if (predicted[i] === labels[i]) sums.agreed++;
  }
  progress.batch++;
  progress.step++;
}

/** Returns the class of each decision, [size × perExample]. @param outputs of the model. */
function decided(outputs: Float32Array, size: number, decisions: Decisions): Int32Array {
  const subclasses = outputs.length / size / decisions.outputs;
  const sums = classSums(outputs, subclasses);
  return predictions(decisionRows(sums, decisions), decisions.classes);
}
