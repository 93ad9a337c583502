import { sum } from '../arrays.ts';
import { measuredBill } from '../cost/measured.ts';
import { ExampleDigests } from '../data/example-digests.ts';
import { thumbnail } from '../data/features/preview.ts';
import { setNames } from '../data/shard.ts';
import { weighted } from '../debias/weights.ts';
import { readCalibration } from '../distill/read-calibration.ts';
import { readMixture } from '../distill/read-mixture.ts';
import { requireDeliverables } from '../distill/verify/deliverables.ts';
import { teachersOf } from '../evaluate/describe-mixture.ts';
import { lowRecallWarnings } from '../evaluate/low-recall.ts';
import { renderReport } from '../evaluate/report/report.ts';
import { type RunMetrics, runMetricsSchema } from '../evaluate/run-metrics.ts';
import { teacherCurve } from '../evaluate/teacher-curve.ts';
import type { Context } from '../run/context.ts';
import { writeDocuments } from '../run/documents-file.ts';
import type { JobEvent } from '../run/events.ts';
import { type Job, openJob } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import {
  type Reconciliation,
  reconcileSchema,
  teacherAccuracySchema,
} from '../run/reconcile-file.ts';
import { readTestDigests } from '../run/test-digests-file.ts';
import { toPoints, validationFileSchema } from '../run/validation-file.ts';
import { readJson, writeJsonOnce, writeOnce } from '../store/once.ts';
import { recordOf } from '../table.ts';
import { writeCards } from './evaluate/cards.ts';
import { describeBaseline, describeStudent } from './evaluate/describe-models.ts';
import { type Latencies, measureLatency } from './evaluate/latency.ts';
import { readMachine, writeMachine } from './evaluate/machine.ts';
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
import {
  currentWarning,
  dataWarnings,
  exportWarnings,
  otherDatasetWarning,
  weightWarnings,
} from './evaluate/warnings.ts';
import { weightHistogram } from './evaluate/weight-histogram.ts';

/** Number of examples per list if the report shows no content. */
const listed = 20;

/** Limits of the report's previews: in base64, 2 MiB. */
const reportLimits = { size: thumbnail, bytes: 1.5 * 2 ** 20 };

/**
 * Evaluate: measures teacher, students, baselines and the student in use on the same test examples,
 * with intervals, and writes the report and the students' cards. Without a test set it uses the
 * validation set, and the report states so. Also checks the files that the run delivers.
 *
 * @throws UserError if a file of a student, or another file that the run delivers, is damaged.
 */
export async function evaluateStudents(
  event: JobEvent,
  context: Context,
): Promise<{ metrics: string }> {
  const job = await openJob(event);
  if (!(await job.results.head(keys.metrics(job.run)))) {
    const { latencies, ...metrics } = await gather(job, context);
    // The other models are disposed, so that there is memory for the teacher.
    await writeMachine(job, latencies);
    await writeJsonOnce(job.results, keys.metrics(job.run), metrics);
  }
  const metrics = await readJson(job.results, keys.metrics(job.run), runMetricsSchema);
  const previews = await readPreviews(
    job,
    examplesOf(metrics, examplesShown(job.plan.config)),
    reportLimits,
  );
  const report = renderReport(metrics, previews, job.plan.config, await readMachine(job));
  await writeCards(job, metrics);
  await writeOnce(job.results, keys.report(job.run), Buffer.from(report));
  await writeDocuments(job);
  await requireDeliverables(job);
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

async function gather(
  job: Job,
  context: Context,
): Promise<RunMetrics & { readonly latencies: Latencies }> {
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
  const { otherDataset } = current;
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
    const latencies = await measureLatency(job, models);
    const students = await Promise.all(
      plan.variants.map(({ name }) => describeStudent(job, name, models, exports)),
    );
    return {
      latencies,
      run,
      dataset: plan.dataset,
      classes: plan.classes,
      evaluatedOn: plan.evaluatedOn,
      ...measured,
      ...(current.student !== undefined && { currentStudent: current.student }),
      ...(problem !== undefined && { currentProblem: problem }),
      students,
      baselines: await Promise.all(
        plan.baselines.map(({ name }) => describeBaseline(job, name, models)),
      ),
      ...(calibration && { calibration }),
      ...(mixture && { teachers: teachersOf(mixture, plan.teacher.members) }),
      ...(reconciled.teacher && { teacherAccuracy: accuracyOf(reconciled.teacher) }),
      teacherCurve: teacherCurve(points.teacherMargins, points.wrong),
      weights: weights.bins,
      meanWeight: weights.mean,
      weightPlane: weights.plane,
      isWeighted: plan.variants.some(({ method }) => method === weighted.name),
      leastWeighed: weights.least,
      labels: recordOf(setNames, (set) => reconciled.sets[set].labeled),
      labelNext: labelNext.slice(0, shown),
      ...quarantineOf(reconciled),
      ...(reconciled.truncated.length > 0 && { truncated: reconciled.truncated }),
      ...(plan.classCounts && { classCounts: plan.classCounts }),
      ...(plan.columns && { columns: plan.columns }),
      leftOut: plan.leftOut,
      warnings: [
        ...dataWarnings(job, reconciled, measured),
        ...validation.warnings,
        ...weightWarnings(job, reconciled, weights.mean),
        ...exportWarnings(students),
        ...lowRecallWarnings({ ...plan, ...measured }, plan.variants[0]!.name),
        ...(problem === undefined ? [] : [currentWarning(problem)]),
        ...(otherDataset === undefined ? [] : [otherDatasetWarning(job, otherDataset)]),
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

/** Reads the digests of the test examples; none are needed to evaluate on another set. */
async function testDigests(job: Job): Promise<ExampleDigests> {
  return job.plan.evaluatedOn === 'test' ? readTestDigests(job) : new ExampleDigests();
}
