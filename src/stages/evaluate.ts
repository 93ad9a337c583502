import { sum } from '../arrays.ts';
import { measuredBill } from '../cost/measured.ts';
import { fromHex } from '../data/content-digest.ts';
import { ExampleDigests } from '../data/example-digests.ts';
import { kindOf } from '../data/features/index.ts';
import { csvField } from '../data/formats/csv-records.ts';
import { setNames } from '../data/shard.ts';
import { readLabels } from '../data/tables/labels-file.ts';
import { openWeights } from '../data/tables/weights-file.ts';
import { LabelNext, labelNextPool, labelScore } from '../debias/label-next.ts';
import { methodNames, methodOf } from '../debias/methods.ts';
import { diagnoseMeanWeight } from '../debias/warnings.ts';
import { readBaseline } from '../distill/baselines/index.ts';
import { labelWarnings } from '../distill/copy-warnings.ts';
import { readCalibration } from '../distill/read-calibration.ts';
import { countedShards, teacherLabels } from '../distill/sets.ts';
import { historySchema } from '../distill/training.ts';
import { createHistogram } from '../evaluate/histogram.ts';
import { leakageWarning } from '../evaluate/leakage.ts';
import { lowRecallWarnings } from '../evaluate/low-recall.ts';
import { renderReport } from '../evaluate/report/report.ts';
import { type RunMetrics, runMetricsSchema } from '../evaluate/run-metrics.ts';
import { teacherCurve } from '../evaluate/teacher-curve.ts';
import type { Context } from '../run/context.ts';
import type { JobEvent } from '../run/events.ts';
import { type Job, openJob, shardItems } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { needs } from '../run/plan-file.ts';
import { reconcileSchema, teacherAccuracySchema } from '../run/reconcile-file.ts';
import { toPoints, validationFileSchema } from '../run/validation-file.ts';
import { readBytes, readJson, writeJsonOnce, writeOnce } from '../store/once.ts';
import { recordOf } from '../table.ts';
import { measure } from './evaluate/measure.ts';
import { type NamedModel, openCurrent, openModels } from './evaluate/models.ts';

/** Number of examples in `label-next.csv`. */
const labelNextCount = 500;
/** Number of these examples in the report. */
const labelNextShown = 20;
/** Number of examples with the smallest weights in the report. */
const leastWeighedCount = 10;

/**
 * Evaluate: measures teacher, students, baselines and the student in use on the same test examples,
 * with intervals, and writes the report. Without a test set it uses the validation set, and the
 * report states so.
 */
export async function evaluateStudents(
  event: JobEvent,
  context: Context,
): Promise<{ metrics: string }> {
  const job = await openJob(event);
  if (!(await job.results.head(keys.metrics(job.run)))) {
    await writeJsonOnce(job.results, keys.metrics(job.run), await gather(job, context));
  }
  const metrics = await readJson(job.results, keys.metrics(job.run), runMetricsSchema);
  await writeOnce(job.results, keys.report(job.run), Buffer.from(renderReport(metrics)));
  return { metrics: keys.metrics(job.run) };
}

async function gather(job: Job, context: Context): Promise<RunMetrics> {
  const { plan, results, run } = job;
  const validation = await readJson(results, keys.validation(run), validationFileSchema);
  const reconciled = await readJson(results, keys.reconcile(run), reconcileSchema);
  const { sets, quarantined, reasons } = reconciled;
  const { isEnough, description } = reconciled.validation;
  const { warnings: doubts = [], ...judged } = reconciled.teacher ?? {};
  const points = toPoints(validation);
  const tests = await testDigests(job);
  const weights = await weightHistogram(job, tests);
  const unusual = diagnoseMeanWeight(weights.mean);
  const bill = await measuredBill(results, run);
  const labelNext = await nextToLabel(job);
  await writeOnce(results, keys.labelNext(run), Buffer.from(labelNextCsv(labelNext)));
  const calibration = await readCalibration(job);
  const models = await openModels(job);
  const current = await openCurrent(job);
  try {
    const { problem, ...measured } = await measure(job, models, current, tests, context);
    const student = plan.variants[0]!.name;
    return {
      run,
      dataset: plan.dataset,
      classes: plan.classes,
      evaluatedOn: plan.evaluatedOn,
      ...measured,
      ...(problem !== undefined && { currentProblem: problem }),
      students: await Promise.all(plan.variants.map(({ name }) => describe(job, name, models))),
      baselines: await Promise.all(plan.baselines.map(({ name }) => baseline(job, name, models))),
      ...(calibration && { calibration }),
      ...(reconciled.teacher && { teacherAccuracy: teacherAccuracySchema.parse(judged) }),
      teacherCurve: teacherCurve(points.teacherMargins, points.wrong),
      weights: weights.bins,
      meanWeight: weights.mean,
      leastWeighed: weights.least,
      labels: recordOf(setNames, (set) => sets[set].labeled),
      labelNext: labelNext.slice(0, labelNextShown),
      quarantined: sum(Object.values(sets).map((set) => set.quarantined)),
      quarantineExamples: quarantined.map(({ id, reason }) => ({ id, reason })),
      quarantineReasons: reasons
        .map(({ reason, examples }) => ({ reason, examples }))
        .sort((a, b) => b.examples - a.examples),
      leftOut: plan.leftOut,
      warnings: [
        ...(measured.leakage
          ? [leakageWarning(measured.leakage, kindOf(plan.features).sameness)]
          : []),
        ...labelWarnings(job, reconciled.copies),
        ...plan.warnings,
        ...doubts,
        ...validation.warnings,
        ...(isEnough || !needs(plan, 'validation') ? [] : [description]),
        ...(unusual ? [`${unusual.message} ${unusual.hint}`] : []),
        ...lowRecallWarnings({ ...plan, ...measured }, student),
        ...(problem === undefined ? [] : [currentWarning(problem)]),
      ],
      ...(bill.lines.length > 0 && {
        bill: { ...bill, estimatedUsd: plan.estimate.bill.totalUsd },
      }),
    };
  } finally {
    for (const { model } of models) model.dispose();
    current.model?.model.dispose();
  }
}

function currentWarning(problem: string): string {
  return `The student in use cannot be measured on this data, so that it does not decide whether the new one is published: ${problem}.`;
}

async function describe(
  job: Job,
  variant: string,
  models: readonly NamedModel[],
): Promise<RunMetrics['students'][number]> {
  const folder = keys.student(job.run, variant);
  const history = await readJson(job.results, `${folder}history.json`, historySchema);
  const size = await sizeOf(job, variant, models);
  return { variant, history, ...size, ...(await methodRecords(job, folder)) };
}

async function baseline(
  job: Job,
  name: string,
  models: readonly NamedModel[],
): Promise<RunMetrics['baselines'][number]> {
  const { description, leftOut } = await readBaseline(job, name);
  if (leftOut !== undefined) return { name, description: `Left out: ${leftOut}.` };
  return { name, description, ...(await sizeOf(job, name, models)) };
}

async function sizeOf({ results, run }: Job, wanted: string, models: readonly NamedModel[]) {
  const { model } = models.find(({ name }) => name === wanted)!;
  const weights = await results.head(`${keys.student(run, wanted)}weights.bin`);
  return { parameters: model.model.countParams(), bytes: weights!.bytes };
}

/** Reads the records that methods' preparations left beside a student. */
async function methodRecords({ results }: Job, folder: string): Promise<Record<string, unknown>> {
  const records: Record<string, unknown> = {};
  for (const name of methodNames) {
    const { record } = methodOf(name);
    const key = record && `${folder}${record.file}`;
    if (key === undefined || !(await results.head(key))) continue;
    records[record!.field] = await readJson(results, key, record!.schema);
  }
  return records;
}

interface ToLabel {
  readonly id: string;
  /** Name of the class that the teacher predicts. */
  readonly prediction: string;
  readonly margin: number;
}

/** Selects the unlabeled examples to label next, the most useful first. */
async function nextToLabel(job: Job): Promise<ToLabel[]> {
  const { classes } = job.plan;
  const next = new LabelNext(classes.length, labelNextCount);
  const labels = teacherLabels(job);
  // Every `stride`-th shard, so that the pool has about `labelNextPool` examples.
  const shards = await countedShards(job, 'unlabeled');
  const stride = Math.ceil(sum(shards.map(({ count }) => count)) / labelNextPool);
  for (const { item } of shards.filter((_, index) => index % stride === 0)) {
    for await (const row of readLabels(job.results, labels(item.id))) {
      const { id, prediction, margin, probabilities } = row;
      next.add({ id, prediction, margin, score: labelScore(probabilities, margin) });
    }
  }
  return next
    .result()
    .map(({ id, prediction, margin }) => ({ id, prediction: classes[prediction]!, margin }));
}

/** Formats the file that `counterweight add-labels` reads once its column `label` is filled in. */
function labelNextCsv(examples: readonly ToLabel[]): string {
  const lines = examples.map(({ id, prediction, margin }) =>
    [csvField(id), '', csvField(prediction), margin.toFixed(3)].join(),
  );
  return `${['id,label,prediction,margin', ...lines].join('\n')}\n`;
}

/** Reads the digests of the test examples; none are needed to evaluate on another set. */
async function testDigests({ plan, results, run }: Job): Promise<ExampleDigests> {
  if (plan.evaluatedOn !== 'test') return new ExampleDigests();
  return ExampleDigests.fromBytes(await readBytes(results, keys.testDigests(run)));
}

/**
 * Counts the weights of the first epoch of all unlabeled examples, and collects the smallest.
 *
 * @param tests Gets a mark for each example that is in the unlabeled set, too.
 */
async function weightHistogram(job: Job, tests: ExampleDigests) {
  const [low, high] = job.plan.config.weights.bounds;
  const histogram = createHistogram(low, Math.max(high, low + 1e-6), 20);
  let least: RunMetrics['leastWeighed'] = [];
  let sum = 0;
  let count = 0;
  for (const { id: shard } of await shardItems(job, 'unlabeled')) {
    const one = new Float32Array(1);
    const file = await openWeights(job.results, keys.weights(job.run, shard));
    for (const digest of file.testCopies) tests.mark(fromHex(digest), 'unlabeled');
    for await (const row of file.rows()) {
      const { id, weight, errorProbability, teacherMargin } = row;
      one[0] = weight;
      histogram.add(one);
      sum += weight;
      count++;
      if (least.length === leastWeighedCount && weight >= least.at(-1)!.weight) continue;
      least.push({ id, weight, errorProbability, teacherMargin });
      least = least.sort((a, b) => a.weight - b.weight).slice(0, leastWeighedCount);
    }
  }
  return { bins: histogram.result(), mean: count > 0 ? sum / count : 1, least };
}
