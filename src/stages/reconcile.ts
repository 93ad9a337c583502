import { readAhead } from '../data/ahead.ts';
import type { Rejected } from '../data/example.ts';
import { type SetName, setNames } from '../data/shard.ts';
import { readLabels } from '../data/tables/labels-file.ts';
import { fitRightBlocks } from '../debias/right-labels.ts';
import { copyWarnings } from '../distill/copy-warnings.ts';
import { readUsableSummary, type UsableSummary } from '../distill/encoded-examples.ts';
import { findCopies } from '../distill/find-copies.ts';
import { Quarantine } from '../distill/quarantine.ts';
import { labeledShard, teacherLabels, trueDecisions } from '../distill/sets.ts';
import { UserError } from '../errors.ts';
import { createTeacherMeter, describeAccuracy } from '../evaluate/teacher-judgement.ts';
import { describeValidationSize, validationSize } from '../evaluate/validation-size.ts';
import type { Context } from '../run/context.ts';
import type { JobEvent, ShardItem } from '../run/events.ts';
import { type Job, openJob, shardItems } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { isCrossFitted, isJudgedHonestly } from '../run/label-use.ts';
import { isCalibrated, needs, planDecisions } from '../run/plan-file.ts';
import { type Reconciliation, reconcileSchema } from '../run/reconcile-file.ts';
import { writeTestDigests } from '../run/test-digests-file.ts';
import { readJson, writeJsonOnce } from '../store/once.ts';
import { recordOf } from '../table.ts';

type Counts = Omit<Reconciliation, 'validation' | 'copies' | 'right'>;

/** Footers read at the same time. */
const concurrency = 16;

/**
 * Reconcile: checks that every planned shard is labeled and that few examples were quarantined.
 * Otherwise the run fails here, before it trains on a part of the data.
 */
export async function reconcileLabels(
  event: JobEvent,
  context: Context,
): Promise<Reconciliation['sets']> {
  const job = await openJob(event);
  const key = keys.reconcile(job.run);
  if (!(await job.results.head(key))) {
    const counted = await count(job, context);
    const { copies, tests } = await findCopies(job, context);
    await writeTestDigests(job, tests);
    const judged = await judgeTeacher(job);
    await writeJsonOnce(job.results, key, { ...counted, ...judged, copies });
  }
  const { sets, validation, teacher, copies } = await readJson(job.results, key, reconcileSchema);
  if (teacher) reportTeacher(teacher, context);
  for (const message of copyWarnings(job, copies)) {
    context.report({ stage: 'Reconcile', message, level: 'warning' });
  }
  if (needs(job.plan, 'validation')) {
    const level = validation.isEnough ? 'info' : 'warning';
    context.report({ stage: 'Reconcile', message: validation.description, level });
  }
  return sets;
}

/** @throws UserError if too many examples of a set were quarantined. */
async function count(job: Job, context: Context): Promise<Counts> {
  const items = await shardItems(job);
  const shards: number[] = [];
  const sets = recordOf(setNames, () => new Quarantine<InShard>());
  const truncated = new TruncatedTexts(job.plan.encoders);
  for await (const summary of readAhead(items, concurrency, (item) => summaryOf(job, item))) {
    context.signal.throwIfAborted();
    const { id, set } = items[shards.length]!;
    shards.push(summary.labeled);
    truncated.add(summary.embeddings);
    sets[set].usable += summary.labeled;
    for (const rejected of summary.quarantined) sets[set].add({ shard: id, ...rejected });
    if (shards.length % concurrency === 0 || shards.length === items.length) {
      const [done, total] = [shards.length, items.length];
      context.report({ stage: 'Reconcile', done, total, unit: 'shards' });
    }
  }
  requireFew(job, sets);
  return {
    sets: recordOf(setNames, (set) => ({
      labeled: sets[set].usable,
      quarantined: sets[set].unusable,
    })),
    shards,
    quarantined: setNames.flatMap((set) =>
      sets[set].listed.map(({ shard, id, reason }) => ({ set, shard, id, reason })),
    ),
    reasons: setNames.flatMap((set) => sets[set].reasons().map((reason) => ({ set, ...reason }))),
    truncated: truncated.byEncoder(),
  };
}

/** Counts the texts that encoders have cut. */
class TruncatedTexts {
  readonly #encoders;

  constructor(encoders: Job['plan']['encoders']) {
    this.#encoders = encoders.map((encoder) => ({ ...encoder, texts: 0, of: 0 }));
  }

  /** Adds a shard. @param summaries Summaries of its embeddings, by the encoder's digest. */
  add(summaries: UsableSummary['embeddings']): void {
    for (const encoder of this.#encoders) {
      const { truncated, embedded } = summaries.get(encoder.digest)!;
      encoder.texts += truncated;
      encoder.of += embedded;
    }
  }

  /** Lists the encoders that have cut texts. */
  byEncoder(): Reconciliation['truncated'] {
    return this.#encoders.flatMap(({ source, maxLength, texts, of }) =>
      texts > 0 && maxLength !== undefined ? [{ encoder: source, maxLength, texts, of }] : [],
    );
  }
}

/** A quarantined example, with its shard. */
interface InShard extends Rejected {
  readonly shard: string;
}

/**
 * Measures the teacher's errors on all labels that it has not learned. Checked here because no
 * training has cost money yet.
 */
async function judgeTeacher(
  job: Job,
): Promise<Pick<Reconciliation, 'validation' | 'teacher' | 'right'>> {
  const { validatedOn, classes, config, sets } = job.plan;
  const trueOf = trueDecisions(job);
  const decisions = planDecisions(job.plan);
  const origin = config.teacher.train ? 'trained here' : 'supplied';
  const meter = createTeacherMeter(classes, origin, decisions);
  const margins: number[] = [];
  const wrong: number[] = [];
  const unlearned = unlearnedSets(job);
  for (const item of await shardItems(job, ...unlearned)) {
    const raw = await rawPredictions(job, item);
    for await (const { example, row } of labeledShard(job, item, { encoders: [] })) {
      const decided = trueOf(example, item.set);
      meter.add(decided, raw.get(example.id) ?? row.predictions);
      if (!validatedOn.some((set) => set === item.set)) continue;
      margins.push(...row.margins);
      for (const [index, answer] of row.predictions.entries()) {
        wrong.push(answer === decided[index] ? 0 : 1);
      }
    }
  }
  const points = { teacherMargins: Float32Array.from(margins), wrong: Uint8Array.from(wrong) };
  const size = validationSize(points.teacherMargins, points.wrong);
  const isHonest = isJudgedHonestly(config, sets.validation.shards > 0);
  const judgement = isHonest ? meter.result() : undefined;
  return {
    validation: { isEnough: size.isEnough, description: describeValidationSize(size, decisions) },
    ...(isHonest && { right: fitRightBlocks(points) }),
    ...(judgement && {
      teacher: {
        ...judgement,
        beforeCalibration: isCalibrated(job.plan),
        sets: unlearned,
        warnings: [...judgement.warnings],
      },
    }),
  };
}

/**
 * Returns the sets that are labeled by teachers that have not learned them. A user-supplied teacher
 * may have learned the labeled set, if another one judges it.
 */
function unlearnedSets({ plan: { config, validatedOn } }: Job): SetName[] {
  return setNames.filter(
    (set) =>
      validatedOn.some((judging) => judging === set) ||
      (set === 'labeled' && isCrossFitted(config)),
  );
}

/** Reads a shard's predictions before calibration, by id; none if the teacher has none. */
async function rawPredictions(
  { plan, results }: Job,
  { id }: ShardItem,
): Promise<ReadonlyMap<string, Int32Array>> {
  const found = new Map<string, Int32Array>();
  const key = keys.labels(plan.teacher.digest, id);
  if (!isCalibrated(plan) || !(await results.head(key))) return found;
  for await (const row of readLabels(results, key)) found.set(row.id, row.predictions);
  return found;
}

function reportTeacher(teacher: NonNullable<Reconciliation['teacher']>, context: Context): void {
  const message = describeAccuracy(teacher);
  context.report({ stage: 'Reconcile', message, level: 'info' });
  for (const warning of teacher.warnings) {
    context.report({ stage: 'Reconcile', message: warning, level: 'warning' });
  }
}

async function summaryOf(job: Job, item: ShardItem) {
  const key = teacherLabels(job)(item.id);
  if (await job.results.head(key)) return readUsableSummary(job, item.id, key);
  throw new UserError(
    `shard ${item.id} of the ${item.set} set has no labels`,
    'Run the same command again: only what is missing is labeled.',
  );
}

function requireFew(job: Job, sets: Record<SetName, Quarantine<InShard>>): void {
  for (const set of setNames) sets[set].requireFew(set, job.plan.config.limits.quarantine);
  const { validatedOn, evaluatedOn } = job.plan;
  for (const set of ['labeled', ...validatedOn, 'unlabeled', evaluatedOn] as const) {
    if (sets[set].usable > 0) continue;
    throw new UserError(`the ${set} set has no usable example`, `Look at the files in ${set}/.`);
  }
}
