/** Predicts the examples of files with a student, one batch after the other. */
import { columnsOfFeatures } from '../data/columns-of-features.ts';
import { describeForeign, type RowGaps, rowGaps } from '../data/features/row-gaps.ts';
import { type PredictionFormat, predictionFormats } from '../data/tables/predicted-examples.ts';
import { Quarantine, type QuarantineReason } from '../distill/quarantine.ts';
import { UserError } from '../errors.ts';
import { reasonLines } from '../evaluate/quarantine-reasons.ts';
import { count, counted } from '../format.ts';
import type { PredictedBatch, Predictor } from '../models/predictor.ts';
import type { UnusableInput } from '../models/student-input.ts';
import type { Progress } from '../run/context.ts';
import type { GivenFiles } from './given-files.ts';
import type { PredictionOutput } from './output.ts';
import { readGiven } from './read-given.ts';

export interface PredictOptions {
  readonly student: Predictor;
  readonly files: GivenFiles;
  readonly format: PredictionFormat;
  readonly output: PredictionOutput;
  /** Columns of the content in tables. Default: those of the student's training. */
  readonly columns?: readonly string[] | undefined;
  /** Column of the id in tables. Default: "id" if the file has it, else the row. */
  readonly id?: string | undefined;
  /** Maximum share of unusable examples. */
  readonly maxUnusable: number;
  readonly onProgress: (progress: Progress) => void;
}

/** Counts of the predictions. */
export interface PredictSummary {
  readonly predicted: number;
  readonly unusable: number;
  readonly reasons: readonly QuarantineReason[];
  /** Number of predictions per class, or of examples per label. */
  readonly classes: Readonly<Record<string, number>>;
  /** Whether the reader of the output ended early. */
  readonly stopped: boolean;
}

/** Number of unusable examples that are reported one by one. */
const maxReported = 10;

/**
 * Predicts the files and writes the predictions, with constant memory. Unusable examples are
 * reported and left out. A failed output is discarded.
 *
 * @throws UserError if nothing can be predicted, too many examples are unusable, or a file is not
 *   as the student needs it.
 */
export async function predictFiles(options: PredictOptions): Promise<PredictSummary> {
  try {
    return await predictInto(options);
  } catch (error) {
    await options.output.discard();
    throw error;
  }
}

async function predictInto(options: PredictOptions): Promise<PredictSummary> {
  const { student, files, output, maxUnusable, onProgress } = options;
  const { description, features } = student;
  const { classes, multiLabel = false, table } = description;
  const { columns = table?.columns, id } = options;
  const config = columnsOfFeatures(features, { classes, columns, missing: table?.missing, id });
  const writer = predictionFormats[options.format].create({ classes, isMultiLabel: multiLabel });
  const counts = new Map(classes.map((name) => [name, 0]));
  const gaps = features.kind === 'row' ? rowGaps(features) : undefined;
  const unusable = new Quarantine();
  let readBytes = 0;
  const items = readGiven(
    files.list((bytes) => (readBytes += bytes)),
    config,
  );
  let stopped = false;
  for await (const batch of student.predict(items, reporter(unusable, onProgress))) {
    unusable.usable += batch.ids.length;
    stopped = !(await output.write(writer.append(rowsOf(batch))));
    if (stopped) break;
    for (const { labels } of batch.predictions) {
      for (const name of labels) counts.set(name, counts.get(name)! + 1);
    }
    if (gaps && 'values' in batch.rows) addRows(gaps, batch.rows.values, batch.rows.n);
    tell(unusable.usable, readBytes, files.bytes, onProgress);
  }
  if (!stopped) {
    requireUsable(unusable, maxUnusable);
    await output.write(writer.finish());
    await output.finish();
  }
  for (const message of features.kind === 'row' && gaps ? describeForeign(features, gaps) : []) {
    onProgress({ stage, message, level: 'warning' });
  }
  return {
    predicted: unusable.usable,
    unusable: unusable.unusable,
    reasons: unusable.reasons(),
    classes: Object.fromEntries(counts),
    stopped,
  };
}

const stage = 'Predict';

function rowsOf({ ids, predictions }: PredictedBatch) {
  return predictions.map((prediction, row) => ({ ...prediction, id: ids[row]! }));
}

/** Returns a function that counts unusable examples, and reports the first ones. */
function reporter(unusable: Quarantine, onProgress: PredictOptions['onProgress']) {
  let reported = 0;
  return (rejected: UnusableInput) => {
    unusable.add(rejected);
    if (++reported > maxReported) return;
    const more = reported === maxReported ? ' Further ones are counted.' : '';
    const { id, location, reason } = rejected;
    const name = location === undefined ? id : `${location} (id ${id})`;
    const message = `${name} cannot be used: ${reason}${more}`;
    onProgress({ stage, message, level: 'warning' });
  };
}

/** @param values Row-major, [n, length]. */
function addRows(gaps: RowGaps, values: Float32Array, n: number): void {
  const length = values.length / n;
  for (let row = 0; row < n; row++) gaps.add(values.subarray(row * length, (row + 1) * length));
}

function tell(
  predicted: number,
  readBytes: number,
  allBytes: number | undefined,
  onProgress: PredictOptions['onProgress'],
): void {
  onProgress({ stage, part: 'examples', done: predicted, unit: 'examples' });
  if (allBytes === undefined) return;
  const [done, total] = [Math.min(readBytes, allBytes), allBytes].map((bytes) => bytes / 1024);
  onProgress({ stage, done: done!, total: total!, unit: 'KiB' });
}

/** @throws UserError if there is no prediction, or too many examples are unusable. */
function requireUsable(unusable: Quarantine, limit: number): void {
  const all = unusable.usable + unusable.unusable;
  if (all === 0) throw new UserError('the files have no examples', 'Give files with examples.');
  if (unusable.usable > 0 && unusable.unusable <= limit * all) return;
  const reasons = reasonLines(unusable.reasons()).map((line) => `\n  ${line}`);
  const share =
    unusable.usable === 0
      ? all === 1
        ? 'the only example cannot be used'
        : `none of the ${count(all)} examples can be used`
      : `${count(unusable.unusable)} of ${counted(all, 'example')} cannot be used, more than the limit of ${Number((limit * 100).toFixed(2))}%`;
  throw new UserError(
    `${share}:${reasons.join('')}`,
    unusable.usable === 0
      ? 'Give examples like those of the training.'
      : 'Correct or remove them, or raise --max-unusable.',
  );
}
