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
import { labelWarnings } from '../distill/copy-warnings.ts';
import { createLeakageMeter } from '../distill/leakage-meter.ts';
import { readCalibration } from '../distill/read-calibration.ts';
import { countedShards, teacherLabels, trueClass } from '../distill/sets.ts';
import { type StudentInputs, studentInputs } from '../distill/student-inputs.ts';
import { historySchema } from '../distill/training.ts';
import { createDeviationsMeter } from '../evaluate/deviations.ts';
import { createHistogram } from '../evaluate/histogram.ts';
import { leakageWarning } from '../evaluate/leakage.ts';
import { createEvaluation } from '../evaluate/metrics.ts';
import { renderReport } from '../evaluate/report/report.ts';
import { type RunMetrics, runMetricsSchema } from '../evaluate/run-metrics.ts';
import { teacherCurve } from '../evaluate/teacher-curve.ts';
import { isModelSaved, readModelFiles } from '../models/model-files.ts';
import { loadModel, type Student } from '../models/student.ts';
import type { Context } from '../run/context.ts';
import type { JobEvent, ShardItem } from '../run/events.ts';
import { type Job, openJob, shardItems } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { needs } from '../run/plan-file.ts';
import { reconcileSchema, teacherAccuracySchema } from '../run/reconcile-file.ts';
import { toPoints, validationFileSchema } from '../run/validation-file.ts';
import { readBytes, readJson, writeJsonOnce, writeOnce } from '../store/once.ts';
import { recordOf } from '../table.ts';
import { currentModel, currentSchema } from './publish.ts';

/** Number of examples in `label-next.csv`. */
const labelNextCount = 500;
/** Number of these examples in the report. */
const labelNextShown = 20;
/** Number of examples with the smallest weights in the report. */
const leastWeighedCount = 10;

/**
 * Evaluate: measures teacher, students and the student in use on the same test examples, with
 * intervals, and writes the report. Without a test set it uses the validation set, and the report
 * states so.
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
  try {
    const measured = await measure(job, models, tests, context);
    return {
      run,
      dataset: plan.dataset,
      classes: plan.classes,
      evaluatedOn: plan.evaluatedOn,
      ...measured,
      students: await Promise.all(plan.variants.map(({ name }) => describe(job, name, models))),
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
      ],
      ...(bill.lines.length > 0 && {
        bill: { ...bill, estimatedUsd: plan.estimate.bill.totalUsd },
      }),
    };
  } finally {
    for (const { model } of models) model.dispose();
  }
}

interface NamedModel {
  readonly name: string;
  readonly model: Student;
}

/** Loads the students of the run and, if it fits the data, the student in use. */
async function openModels(job: Job): Promise<NamedModel[]> {
  const models: NamedModel[] = [];
  for (const { name } of job.plan.variants) {
    const files = await readModelFiles(job.results, keys.student(job.run, name));
    models.push({ name, model: await loadModel(files) });
  }
  const pointer = keys.current(job.plan.dataset);
  if (!(await job.results.head(pointer))) return models;
  const current = await readJson(job.results, pointer, currentSchema);
  if (current.run === job.run || !(await isModelSaved(job.results, current.student))) return models;
  const model = await loadModel(await readModelFiles(job.results, current.student));
  if (JSON.stringify(model.description.classes) === JSON.stringify(job.plan.classes)) {
    models.push({ name: currentModel, model });
  } else {
    model.dispose();
  }
  return models;
}

/** Measures all models in one pass, on the same examples in the same order. */
async function measure(
  job: Job,
  models: NamedModel[],
  tests: ExampleDigests,
  context: Context,
): Promise<Pick<RunMetrics, 'metrics' | 'deviations' | 'leakage'>> {
  const { plan } = job;
  const classes = plan.classes.length;
  const classOf = trueClass(job);
  const names = ['teacher', ...models.map(({ name }) => name)];
  const evaluation = createEvaluation(names, classes, plan.config.seed);
  const deviations = createDeviationsMeter(names.slice(1));
  const leakage = createLeakageMeter(names, plan, tests);
  let done = 0;
  for (const item of await shardItems(job, plan.evaluatedOn)) {
    for await (const { examples, outputs } of answers(job, item, models)) {
      context.signal.throwIfAborted();
      examples.forEach(({ example, row }, index) => {
        const rowOf = (output: Float32Array) =>
          output.subarray(index * classes, (index + 1) * classes);
        const label = classOf(example, plan.evaluatedOn);
        const students = outputs.map(rowOf);
        evaluation.add(label, [row.probabilities, ...students]);
        leakage.add(example, label, [row.probabilities, ...students]);
        deviations.add(label, row.probabilities, students);
      });
      done += examples.length;
      context.report({ stage: 'Evaluate', done, unit: 'examples' });
    }
  }
  return {
    metrics: evaluation.result(),
    deviations: deviations.result(),
    leakage: leakage.result(),
  };
}

/** Yields a shard's examples in batches, with the outputs of each model: [n, classes]. */
async function* answers(job: Job, item: ShardItem, models: readonly NamedModel[]) {
  // The student in use may need other inputs than those of the run: another mean, other columns.
  const feeds = new Map(
    models.map(({ model: { description } }) => [
      JSON.stringify(description.features),
      studentInputs(job, item, description.features),
    ]),
  );
  for (;;) {
    const batches = new Map<string, StudentInputs>();
    for (const [name, feed] of feeds) {
      const { value } = await feed.next();
      if (value) batches.set(name, value);
    }
    const [first] = batches.values();
    if (!first) return;
    const { examples } = first;
    const outputs = models.map(({ model }) => {
      const { values } = batches.get(JSON.stringify(model.description.features))!;
      return model.predict(values, examples.length);
    });
    yield { examples, outputs };
  }
}

async function describe(
  job: Job,
  variant: string,
  models: NamedModel[],
): Promise<RunMetrics['students'][number]> {
  const folder = keys.student(job.run, variant);
  const history = await readJson(job.results, `${folder}history.json`, historySchema);
  const weights = await job.results.head(`${folder}weights.bin`);
  const model = models.find(({ name }) => name === variant)!.model;
  const figures = { history, parameters: model.model.countParams(), bytes: weights!.bytes };
  return { variant, ...figures, ...(await methodRecords(job, folder)) };
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
