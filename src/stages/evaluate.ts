import { sum } from '../arrays.ts';
import { measuredBill } from '../cost/measured.ts';
import { ExampleDigests } from '../data/example-digests.ts';
import { kindOf } from '../data/features/index.ts';
import { thumbnail } from '../data/features/preview.ts';
import { setNames } from '../data/shard.ts';
import { methodNames, methodOf } from '../debias/methods.ts';
import { diagnoseMeanWeight } from '../debias/warnings.ts';
import { weighted } from '../debias/weights.ts';
import { readBaseline } from '../distill/baselines/index.ts';
import { labelWarnings } from '../distill/copy-warnings.ts';
import { readCalibration } from '../distill/read-calibration.ts';
import { readMixture } from '../distill/read-mixture.ts';
import { historySchema } from '../distill/training.ts';
import { teachersOf } from '../evaluate/describe-mixture.ts';
import { leakageWarning } from '../evaluate/leakage.ts';
import { lowRecallWarnings } from '../evaluate/low-recall.ts';
import { renderReport } from '../evaluate/report/report.ts';
import { type RunMetrics, runMetricsSchema } from '../evaluate/run-metrics.ts';
import { teacherCurve } from '../evaluate/teacher-curve.ts';
import { weightsFileOf } from '../models/exporters.ts';
import type { Context } from '../run/context.ts';
import type { JobEvent } from '../run/events.ts';
import { type Job, openJob } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { needs } from '../run/plan-file.ts';
import {
  type Reconciliation,
  reconcileSchema,
  teacherAccuracySchema,
} from '../run/reconcile-file.ts';
import { toPoints, validationFileSchema } from '../run/validation-file.ts';
import { readBytes, readJson, writeJsonOnce, writeOnce } from '../store/once.ts';
import { recordOf } from '../table.ts';
import { writeCards } from './evaluate/cards.ts';
import type { ExportsMeter } from './evaluate/exports.ts';
import { examplesShown, measure } from './evaluate/measure.ts';
import {
  type CurrentStudent,
  type NamedModel,
  openCurrent,
  openModels,
} from './evaluate/models.ts';
import { writeLabelNext } from './evaluate/next-to-label.ts';
import { disposeExports, type OpenExport, openExports } from './evaluate/open-exports.ts';
import { readPreviews } from './evaluate/previews.ts';
import { weightHistogram } from './evaluate/weight-histogram.ts';

/** Number of examples per list if the report shows no content. */
const listed = 20;

/** Limits of the report's previews: in base64, 2 MiB. */
const reportLimits = { size: thumbnail, bytes: 1.5 * 2 ** 20 };

/**
 * Evaluate: measures teacher, students, baselines and the student in use on the same test examples,
 * with intervals, and writes the report and the students' cards. Without a test set it uses the
 * validation set, and the report states so.
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
  const previews = await readPreviews(
    job,
    examplesOf(metrics, examplesShown(job.plan.config)),
    reportLimits,
  );
  const report = renderReport(metrics, previews, job.plan.config);
  await writeCards(job, metrics);
  await writeOnce(job.results, keys.report(job.run), Buffer.from(report));
  return { metrics: keys.metrics(job.run) };
}

/** Lists the examples whose content the report shows. */
function examplesOf({ gallery, leastWeighed, labelNext, isWeighted }: RunMetrics, wanted: number) {
  if (wanted === 0) return [];
  const { mistakes = [], disagreements = [] } = gallery ?? {};
  const weighed = isWeighted ? leastWeighed : [];
  return [...mistakes, ...disagreements, ...weighed, ...labelNext].flatMap(({ shard, id }) =>
    shard === undefined ? [] : [{ shard, id }],
  );
}

async function gather(job: Job, context: Context): Promise<RunMetrics> {
  const { plan, results, run } = job;
  const validation = await readJson(results, keys.validation(run), validationFileSchema);
  const reconciled = await readJson(results, keys.reconcile(run), reconcileSchema);
  const total = reconciled.sets[plan.evaluatedOn].labeled;
  context.report({ stage: 'Evaluate', total, unit: 'examples' });
  const points = toPoints(validation);
  const tests = await testDigests(job);
  const shown = examplesShown(plan.config) || listed;
  const weights = await weightHistogram(job, tests, shown);
  const bill = await measuredBill(results, run);
  const labelNext = await writeLabelNext(job);
  const calibration = await readCalibration(job);
  const mixture = await readMixture(job);
  const all = await openAll(job);
  const { models, current, exports: opened } = all;
  try {
    const { problem, predictions, exports, ...measured } = await measure(
      job,
      models,
      current,
      opened,
      tests,
      context,
    );
    await writeOnce(results, keys.predictions(run), predictions);
    const students = await Promise.all(
      plan.variants.map(({ name }) => describe(job, name, models, exports)),
    );
    return {
      run,
      dataset: plan.dataset,
      classes: plan.classes,
      evaluatedOn: plan.evaluatedOn,
      ...measured,
      ...(problem !== undefined && { currentProblem: problem }),
      students,
      baselines: await Promise.all(plan.baselines.map(({ name }) => baseline(job, name, models))),
      ...(calibration && { calibration }),
      ...(mixture && { teachers: teachersOf(mixture, plan.teacher.members) }),
      ...(reconciled.teacher && { teacherAccuracy: accuracyOf(reconciled.teacher) }),
      teacherCurve: teacherCurve(points.teacherMargins, points.wrong),
      weights: weights.bins,
      meanWeight: weights.mean,
      isWeighted: plan.variants.some(({ method }) => method === weighted.name),
      leastWeighed: weights.least,
      labels: recordOf(setNames, (set) => reconciled.sets[set].labeled),
      labelNext: labelNext.slice(0, shown),
      ...quarantineOf(reconciled),
      leftOut: plan.leftOut,
      warnings: [
        ...dataWarnings(job, reconciled, measured),
        ...validation.warnings,
        ...weightWarnings(job, reconciled, weights.mean),
        ...exportWarnings(students),
        ...lowRecallWarnings({ ...plan, ...measured }, plan.variants[0]!.name),
        ...(problem === undefined ? [] : [currentWarning(problem)]),
      ],
      ...(bill.lines.length > 0 && {
        bill: { ...bill, estimatedUsd: plan.estimate.bill.totalUsd },
      }),
    };
  } finally {
    disposeAll(all);
  }
}

/** The models to measure, and the exported files to compare with them. */
interface Opened {
  readonly models: readonly NamedModel[];
  readonly current: CurrentStudent;
  readonly exports: readonly OpenExport[];
}

/** Opens everything, or nothing if a part fails. */
async function openAll(job: Job): Promise<Opened> {
  let opened: Opened = { models: await openModels(job), current: {}, exports: [] };
  try {
    opened = { ...opened, current: await openCurrent(job) };
    return { ...opened, exports: await openExports(job, opened.models) };
  } catch (error) {
    disposeAll(opened);
    throw error;
  }
}

function disposeAll({ models, current, exports }: Opened): void {
  for (const { model } of models) model.dispose();
  current.model?.model.dispose();
  disposeExports(exports);
}

function accuracyOf(
  teacher: NonNullable<Reconciliation['teacher']>,
): RunMetrics['teacherAccuracy'] {
  const { warnings: _, ...accuracy } = teacher;
  return teacherAccuracySchema.parse(accuracy);
}

function quarantineOf({
  sets,
  quarantined,
  reasons,
}: Reconciliation): Pick<RunMetrics, 'quarantined' | 'quarantineExamples' | 'quarantineReasons'> {
  return {
    quarantined: sum(Object.values(sets).map((set) => set.quarantined)),
    quarantineExamples: quarantined.map(({ id, reason }) => ({ id, reason })),
    quarantineReasons: reasons
      .map(({ reason, examples }) => ({ reason, examples }))
      .sort((a, b) => b.examples - a.examples),
  };
}

/** Warns of examples in several sets, and repeats the warnings of Plan and Reconcile. */
function dataWarnings(
  job: Job,
  { copies, teacher }: Reconciliation,
  { leakage }: Pick<RunMetrics, 'leakage'>,
): string[] {
  const { sameness } = kindOf(job.plan.features);
  return [
    ...(leakage ? [leakageWarning(leakage, sameness)] : []),
    ...labelWarnings(job, copies),
    ...job.plan.warnings,
    ...(teacher?.warnings ?? []),
  ];
}

/** Warns of too few labels to estimate the weights, and of an unusual mean of the weights. */
function weightWarnings({ plan }: Job, { validation }: Reconciliation, mean: number): string[] {
  const unusual = diagnoseMeanWeight(mean);
  return [
    ...(validation.isEnough || !needs(plan, 'validation') ? [] : [validation.description]),
    ...(unusual ? [`${unusual.message} ${unusual.hint}`] : []),
  ];
}

function currentWarning(problem: string): string {
  return `The student in use cannot be measured on this data, so that it does not decide whether the new one is published: ${problem}.`;
}

/** Names the formats that students could not be saved in, each reason once. */
function exportWarnings(students: RunMetrics['students']): string[] {
  const formats = new Map<string, Set<string>>();
  for (const record of students.flatMap(({ exports }) => exports)) {
    if (!('leftOut' in record)) continue;
    const names = formats.get(record.leftOut) ?? new Set();
    formats.set(record.leftOut, names.add(record.format));
  }
  return Array.from(
    formats,
    ([reason, names]) =>
      `The student has no ${[...names].join(', ')} file${names.size > 1 ? 's' : ''}: ${reason}.`,
  );
}

async function describe(
  job: Job,
  variant: string,
  models: readonly NamedModel[],
  exports: ExportsMeter,
): Promise<RunMetrics['students'][number]> {
  const folder = keys.student(job.run, variant);
  const history = await readJson(job.results, `${folder}history.json`, historySchema);
  const size = await sizeOf(job, variant, models);
  const records = { exports: exports.records(variant), ...(await methodRecords(job, folder)) };
  return { variant, history, ...size, ...records };
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
  const weights = await results.head(`${keys.student(run, wanted)}${weightsFileOf(model.model)}`);
  const sizes = { parameters: model.model.countParams(), bytes: weights!.bytes };
  const { network } = model.description;
  return { ...sizes, ...(network && { network }) };
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

/** Reads the digests of the test examples; none are needed to evaluate on another set. */
async function testDigests({ plan, results, run }: Job): Promise<ExampleDigests> {
  if (plan.evaluatedOn !== 'test') return new ExampleDigests();
  return ExampleDigests.fromBytes(await readBytes(results, keys.testDigests(run)));
}
