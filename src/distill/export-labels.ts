/**
 * Writes the labels of a run's unlabeled set into a local folder, for another trainer. A shard
 * becomes one file, so that memory does not grow with the set:
 *
 *   labels-00000-of-00012.parquet       or .jsonl; see `data/tables/exported-labels.ts`
 *   _quarantined-00000-of-00012.jsonl   id and reason of the shard's examples without a label
 *   _labels.json                        `LabelsDescription`, written last
 *
 * Readers of a folder of Parquet files, such as pandas and Spark, skip names that begin with `_`.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sum } from '../arrays.ts';
import { readAhead } from '../data/ahead.ts';
import { type ExportFormat, exportFormats } from '../data/tables/exported-labels.ts';
import { readLabelBatches } from '../data/tables/labels-file.ts';
import { type Decisions, decidedClasses } from '../debias/decisions.ts';
import { createRightEstimator, type RightEstimator } from '../debias/right-labels.ts';
import { InterruptedError, UserError } from '../errors.ts';
import type { Interval } from '../evaluate/schema.ts';
import { wilsonInterval } from '../evaluate/wilson.ts';
import type { Progress } from '../run/context.ts';
import type { Job } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { type Plan, planDecisions } from '../run/plan-file.ts';
import { type Reconciliation, reconcileSchema } from '../run/reconcile-file.ts';
import { readJson } from '../store/once.ts';
import { readUsableSummary } from './encoded-examples.ts';
import { keepFile } from './keep-file.ts';
import { readCalibration } from './read-calibration.ts';
import { type CountedShard, countedShards, teacherLabels } from './sets.ts';

/** Bytes of the files that are made at the same time; a larger file is made alone. */
const roomBytes = 64 * 2 ** 20;
/** Files made at the same time, at most. */
const concurrency = 16;

/** `_labels.json`: the contents of the files beside it. */
export interface LabelsDescription {
  readonly run: string;
  /** Names of the classes, in the order of `probabilities`. */
  readonly classes: readonly string[];
  /** Present if an example has any number of the classes. */
  readonly multiLabel?: boolean;
  /** Number of labeled examples. */
  readonly labeled: number;
  readonly quarantined: number;
  /** Number of examples per class. */
  readonly labels: Readonly<Record<string, number>>;
  /** Whether the probabilities were calibrated with labels that the teacher has not learned. */
  readonly calibrated: boolean;
  /**
   * Expected share of right labels, or of right decisions if `multiLabel`, with its 95 % interval;
   * null if no label shows it.
   */
  readonly expectedAccuracy: Interval | null;
  /** Sets whose labels measure which labels are right, and their number of examples. */
  readonly judgedOn: { readonly sets: Plan['validatedOn']; readonly examples: number } | null;
}

/** The files to write. */
export interface LabelsTarget {
  /** Local folder; created if missing. */
  readonly folder: string;
  readonly format: ExportFormat;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/**
 * Writes the labels. Equal files are kept, so that a second call resumes a stopped one.
 *
 * @throws UserError if a file of another run is in the folder; InterruptedError after `signal`.
 */
export async function exportLabels(job: Job, target: LabelsTarget): Promise<LabelsDescription> {
  const { classes } = job.plan;
  const decisions = planDecisions(job.plan);
  const { right } = await readJson(job.results, keys.reconcile(job.run), reconcileSchema);
  const estimator = right && createRightEstimator(right);
  const shards = await countedShards(job, 'unlabeled');
  await requireOwnFolder(job.run, target, shards.length);
  const parts = new Float64Array(right?.length ?? 0);
  const counts = new Float64Array(classes.length);
  let quarantined = 0;
  let labeled = 0;
  let done = 0;
  const numbered = shards.map((shard, index) => ({ ...shard, index }));
  const make = (shard: NumberedShard) => writeShard(job, shard, shards.length, target, estimator);
  const size = ({ count }: CountedShard) => sizeOf(count, classes.length, decisions);
  for await (const written of readAhead(numbered, roomBytes, make, size)) {
    if (target.signal?.aborted) throw new InterruptedError('stopped while labels were written');
    for (const [index, part] of written.parts.entries()) parts[index]! += part;
    for (const [index, count] of written.counts.entries()) counts[index]! += count;
    quarantined += written.quarantined;
    labeled += written.labeled;
    const total = shards.length;
    target.onProgress?.({ stage: 'Write labels', done: ++done, total, unit: 'shards' });
  }
  const description: LabelsDescription = {
    run: job.run,
    classes,
    ...(decisions.isMultiLabel && { multiLabel: true }),
    labeled,
    quarantined,
    labels: Object.fromEntries(classes.map((name, index) => [name, counts[index]!])),
    calibrated: (await readCalibration(job))?.penalty !== undefined,
    expectedAccuracy: estimator ? expectedAccuracy(estimator, parts, decisions) : null,
    judgedOn: right ? judges(job.plan, right, decisions) : null,
  };
  const body = Buffer.from(`${JSON.stringify(description, null, 2)}\n`);
  await keepFile(join(target.folder, descriptionFile), body, job.run);
  return description;
}

const descriptionFile = '_labels.json';

interface NumberedShard extends CountedShard {
  readonly index: number;
}

/** Contents of the file of a shard. */
interface WrittenShard {
  /** Sums of `RightEstimator.at`. */
  readonly parts: Float64Array;
  /** Labels per class. */
  readonly counts: Float64Array;
  /** Number of examples. */
  readonly labeled: number;
  readonly quarantined: number;
}

/** Writes the files of one shard. */
async function writeShard(
  job: Job,
  { item, index }: NumberedShard,
  total: number,
  { folder, format }: LabelsTarget,
  estimator: RightEstimator | undefined,
): Promise<WrittenShard> {
  const { classes } = job.plan;
  const key = teacherLabels(job)(item.id);
  const decisions = planDecisions(job.plan);
  const columns = { classes, hasRight: estimator !== undefined, decisions };
  const writer = exportFormats[format].create(columns);
  const parts = new Float64Array(estimator?.blocks ?? 0);
  const counts = new Float64Array(classes.length);
  let labeled = 0;
  const { withoutEmbedding, quarantined } = await readUsableSummary(job, item.id, key);
  for await (const all of readLabelBatches(job.results, key)) {
    const rows = all.filter(({ id }) => !withoutEmbedding.has(id));
    writer.append(
      rows.map((row) => ({
        ...row,
        right: estimator && row.margins.map((margin) => estimator.at(margin, parts)),
      })),
    );
    labeled += rows.length;
    for (const { predictions } of rows) {
      for (const each of decidedClasses(predictions, decisions)) counts[each]! += 1;
    }
  }
  const path = (kind: string, extension: string) =>
    join(folder, `${kind}-${position(index)}-of-${position(total)}.${extension}`);
  await keepFile(path('labels', format), writer.finish(), job.run);
  if (quarantined.length > 0) {
    const lines = quarantined.map((rejected) => `${JSON.stringify(rejected)}\n`);
    await keepFile(path('_quarantined', 'jsonl'), Buffer.from(lines.join('')), job.run);
  }
  return { parts, counts, labeled, quarantined: sum(quarantined.map(({ lost = 1 }) => lost)) };
}

/** Returns the room that a shard takes: its floats, as numbers of JSON. */
function sizeOf(examples: number, classes: number, { isMultiLabel }: Decisions): number {
  const numbers = isMultiLabel ? 2 * classes : classes;
  return Math.max(roomBytes / concurrency, examples * (100 + 12 * numbers));
}

function position(index: number): string {
  return String(index).padStart(5, '0');
}

/**
 * Returns the expected share of right decisions. Its interval assumes that the decisions about an
 * example are right or wrong together, which makes it too wide rather than too narrow.
 */
function expectedAccuracy(
  estimator: RightEstimator,
  parts: Float64Array,
  { perExample }: Decisions,
): Interval {
  const { share, effectiveExamples } = estimator.expect(parts);
  const effective = effectiveExamples / perExample;
  const { low, high } = wilsonInterval(share * effective, effective);
  return { value: share, low, high };
}

function judges(
  { validatedOn }: Plan,
  right: NonNullable<Reconciliation['right']>,
  { perExample }: Decisions,
) {
  const decisions = sum(right.map(({ count }) => count));
  return { sets: validatedOn, examples: decisions / perExample };
}

/**
 * Checks that a folder can take the labels of a run.
 *
 * @param total number of shards, if it is known.
 * @throws UserError if the folder has labels of another run, or is a file.
 */
export async function requireOwnFolder(
  run: string,
  { folder }: Pick<LabelsTarget, 'folder'>,
  total?: number,
): Promise<void> {
  const pattern = /^(?:labels|_quarantined)-\d+-of-(\d+)\.\w+$/;
  for (const name of await namesIn(folder)) {
    const of = pattern.exec(name)?.[1];
    const isForeign =
      name === descriptionFile
        ? !(await isDescriptionOf(run, join(folder, name)))
        : of !== undefined && total !== undefined && Number(of) !== total;
    if (!isForeign) continue;
    throw new UserError(
      `${join(folder, name)} exists already and does not belong to run ${run}`,
      'Move the labels in this folder away, or choose another folder with --to.',
    );
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return [];
    if (code !== 'ENOTDIR') throw error;
    throw new UserError(`${folder} is a file`, 'Choose a folder with --to.');
  }
}

async function isDescriptionOf(run: string, path: string): Promise<boolean> {
  try {
    const found: unknown = JSON.parse(await readFile(path, 'utf8'));
    return typeof found === 'object' && found !== null && 'run' in found && found.run === run;
  } catch {
    return false; // The file is not JSON.
  }
}
