import type { Config } from '../config/schema.ts';
import { checkBudget, withoutStudents } from '../cost/budget.ts';
import { estimate as estimateRun } from '../cost/estimate.ts';
import { shardConcurrency } from '../cost/functions.ts';
import { machineMemoryWarnings } from '../cost/memory.ts';
import { plannedWork } from '../cost/plan-estimate.ts';
import { reserveSpend } from '../cost/spend.ts';
import type { RunWork } from '../cost/work.ts';
import { looksContinuous } from '../data/class-check.ts';
import { readClasses } from '../data/classes.ts';
import { labelColumn } from '../data/columns.ts';
import type { TableFile } from '../data/cut.ts';
import { type ColumnReport, unreadReport } from '../data/features/column-report.ts';
import { formats } from '../data/formats/index.ts';
import { leftOutWarnings } from '../data/left-out.ts';
import { isLabeled, type SetName, setNames } from '../data/shard.ts';
import { decisionsOf } from '../debias/decisions.ts';
import { sha256 } from '../digest.ts';
import { UserError } from '../errors.ts';
import { withModelProcess } from '../models/confined/load-model.ts';
import { teacherKindOf } from '../models/teachers/index.ts';
import type { Context } from '../run/context.ts';
import type { SetSize } from '../run/estimate-file.ts';
import type { JobEvent, ShardItem } from '../run/events.ts';
import { checkManifests } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { countEmbedded, countLabeled } from '../run/label-cache.ts';
import { calibratesTeacher, judgingSets, learnedSets } from '../run/label-use.ts';
import { manifestJson } from '../run/objects-file.ts';
import { type Plan, planSchema, recordSchema } from '../run/plan-file.ts';
import { readJson, writeJsonOnce, writeOnce } from '../store/once.ts';
import { openStore } from '../store/open.ts';
import type { ObjectStore } from '../store/store.ts';
import { recordOf } from '../table.ts';
import { checkAnswers } from './plan/check-answers.ts';
import { checkColumns } from './plan/check-columns.ts';
import { checkOtherLabels, LabelCheck } from './plan/check-labels.ts';
import { checkRows } from './plan/check-rows.ts';
import { checkTeacher } from './plan/check-teacher.ts';
import { alwaysWarnings, classCountWarnings } from './plan/class-counts.ts';
import { decide, type PlannedModels } from './plan/decide.ts';
import { fitToLabeled, type LabeledFit } from './plan/fit.ts';
import { type PinnedInputs, pinInputs } from './plan/pin-inputs.ts';
import { encodersIn, planEncoders } from './plan/plan-encoders.ts';
import { imageWarnings, withStoredPreprocess } from './plan/preprocess.ts';
import type { RunToPlan } from './plan/run-to-plan.ts';
import { shortTrainings } from './plan/short-training.ts';
import { datasetName } from './start.ts';

/** Input of the states after Plan: keys and counts, never examples. */
export interface PlanOutput {
  /** Results store, and the keys of its two manifests. */
  readonly bucket: string;
  readonly shards: string;
  readonly unlabeled: string;
  /** Whether a network reads the embeddings of an encoder. */
  readonly encode: boolean;
  readonly trainTeacher: boolean;
  /** Whether the run goes beyond the labels. */
  readonly trainStudents: boolean;
  /** Maximum number of shards that the Maps process at once. */
  readonly concurrency: number;
  /** The students, then the baselines. */
  readonly variants: { name: string; trainer: string }[];
}

/**
 * Plan: pins every input object, cuts shards, fits the features and estimates the cost. Checks
 * everything that can be checked before the run costs money. Writes `plan.json` last: its presence
 * means that the stage is done.
 *
 * @throws UserError if the run was refused, cannot be done, or costs more than its budget.
 */
export async function planRun(event: JobEvent, context: Context): Promise<PlanOutput> {
  const data = await openStore(event.dataset);
  const results = await openStore(event.results, 'time');
  if (!(await results.head(keys.plan(event.run)))) {
    const record = await readJson(results, keys.record(event.run), recordSchema);
    if ('refused' in record) throw new UserError(record.refused.message, record.refused.hint);
    const make = () => makePlan({ ...record, data, results }, context);
    const { isRun, kind } = modelOf(record.config);
    await (isRun ? withModelProcess(kind, make) : make());
  }
  const plan = await readJson(results, keys.plan(event.run), planSchema);
  await checkManifests({ results, run: event.run }, plan);
  await requireBudget(plan, event, context, results);
  return {
    ...manifestLocation(results, event.run),
    encode: plan.encoders.length > 0,
    trainTeacher: plan.config.teacher.train !== undefined,
    trainStudents: event.until !== 'labels',
    concurrency: concurrencyOf(context),
    variants: [...plan.variants, ...plan.baselines].map(({ name, trainer }) => ({ name, trainer })),
  };
}

/** Returns whether Plan runs a model of the user, and the kind of teachers that loads the first. */
function modelOf(config: Config): { isRun: boolean; kind: string | undefined } {
  // Encoders are loaded first. Their files, which are read later, show their kind.
  if (encodersIn(config).length > 0) return { isRun: true, kind: undefined };
  const teacher = teacherKindOf(config.teacher);
  const isRun = teacher?.supplied === true && teacher.isModel;
  return { isRun, kind: isRun ? teacher.name : undefined };
}

/** Pins the inputs, fits the features, decides, estimates, and writes the plan. */
async function makePlan(accepted: RunToPlan, context: Context): Promise<void> {
  const { run: read, warnings: preprocessing } = await withStoredPreprocess(accepted);
  const { data, results } = read;
  requireTrainer(read.config, context);
  const classes = await readClasses(data, read.config.task);
  requireClassNames(classes);
  const config = withClasses(read.config, classes);
  const run = { ...read, config };
  const inputs = await pinInputs(run);
  const { items, meter, tables } = inputs;
  const hasValidation = items.some(({ set }) => set === 'validation');
  const judging = judgingSets(config, hasValidation);
  const learned = learnedSets(config, hasValidation);
  const fit = await fitAndCheck(run, classes, inputs, learned, context);
  const { features, labeled, table } = fit;
  const planned = await planEncoders(run, features, fit.sample);
  const { encoders } = planned;
  const decisions = await decide(run, classes, { features, encoders }, labeled, {
    judging: items.filter(({ set }) => judging.some((name) => name === set)),
    isCalibrated: calibratesTeacher(config, hasValidation),
  });
  const checked = await checkTeacher(run, decisions, fit.sample);
  const { warnings } = checked;
  const doubts = [...checked.doubts, ...shortTrainings(config, fit.examples)];
  for (const message of [...decisions.warnings, ...warnings, ...doubts]) {
    context.report({ stage: 'Plan', message, level: 'warning' });
  }
  const manifests = await writeManifests(run, items);
  const sets = meter.sizes(fit.examples, learned);
  const work = {
    ...(await workOf(run, decisions, sets, items)),
    concurrency: concurrencyOf(context),
  };
  const estimate = estimateRun(work);
  const plan: Plan = {
    ...decisions,
    teacher: { ...decisions.teacher, doubts },
    run: run.run,
    dataset: datasetName(data),
    ...manifests,
    sets: recordOf(setNames, (set) => ({ shards: sets[set].shards, bytes: sets[set].bytes })),
    validatedOn: judging,
    evaluatedOn: sets.test.shards > 0 ? 'test' : hasValidation ? 'validation' : 'labeled',
    leftOut: [...inputs.leftOut],
    classCounts: fit.classCounts,
    warnings: [
      ...fit.warnings,
      ...inputWarnings(config, inputs),
      ...preprocessing,
      ...decisions.warnings,
      ...planned.warnings,
      ...warnings,
      ...(await imageWarnings(run, features, labeled)),
      // Limits of AWS do not matter to a local run.
      ...(context.deployment ? estimate.warnings : machineMemoryWarnings(work)),
    ],
    estimate,
    ...(table?.columns.length && {
      columns: [...table.columns, ...unreadReports(config, tables, table.columns)],
    }),
  };
  await writeJsonOnce(results, keys.plan(run.run), plan);
}

/** The features, with the findings of the checks of all sets. */
interface CheckedFit extends LabeledFit {
  /** The shards that the features are fitted to. */
  readonly labeled: readonly ShardItem[];
  readonly classCounts: Plan['classCounts'];
  readonly warnings: readonly string[];
}

/**
 * Fits the features to the labels that the teacher learns, and checks all sets: their columns,
 * labels and values, and the stored answers of a teacher.
 */
async function fitAndCheck(
  run: RunToPlan,
  classes: string[],
  { items, tables }: PinnedInputs,
  learned: readonly SetName[],
  context: Context,
): Promise<CheckedFit> {
  const { task, limits } = run.config;
  const decisions = decisionsOf(task, classes.length);
  const labels = new LabelCheck(classes, decisions, limits.quarantine);
  const labeled = items.filter(({ set }) => learned.includes(set));
  const fit = await fitToLabeled(run, classes, labeled, labels, context);
  checkColumns(run, fit.features, tables);
  const others = items.filter(({ set }) => isLabeled(set) && !learned.includes(set));
  await checkOtherLabels(run, others, labels, context);
  const gaps = await checkRows(run, fit.features, items, context);
  await checkAnswers(run, items, context);
  const warnings = [
    ...classCountWarnings(classes, fit.counts),
    ...(decisions.isMultiLabel ? alwaysWarnings(classes, fit.counts, fit.examples) : []),
    ...(fit.table?.warnings ?? []),
    ...gaps,
    ...labels.warnings(),
  ];
  return { ...fit, labeled, classCounts: labels.classCounts(), warnings };
}

/** Warns of batches that are not complete, and of files that are left out. */
function inputWarnings({ data }: Config, { unfinished, emptied, leftOut }: PinnedInputs): string[] {
  return [...unfinished, ...emptied, ...leftOutWarnings(leftOut, formats[data.format])];
}

/** Describes the columns of the labeled set that are not read: lists, structs and indexes. */
function unreadReports(
  { task, data }: Config,
  tables: readonly TableFile[],
  columns: readonly ColumnReport[],
): ColumnReport[] {
  const read = new Set([labelColumn(task, data), ...columns.map(({ name }) => name)]);
  const unread = tables.flatMap((file) => (file.set === 'labeled' ? (file.unread ?? []) : []));
  const byName = new Map(unread.map((column) => [column.name, column]));
  return [...byName.values()].filter(({ name }) => !read.has(name)).map(unreadReport);
}

/** Puts the names of the classes into the config, also if they are in a file: readers need them. */
function withClasses(config: Config, classes: string[]): Config {
  return { ...config, task: { ...config.task, classes } };
}

/** Writes the lists of shards. @returns their digests. */
async function writeManifests(
  { run, results }: RunToPlan,
  items: readonly ShardItem[],
): Promise<Pick<Plan, 'shardsDigest' | 'unlabeledDigest'>> {
  const shards = manifestJson(items);
  const unlabeled = manifestJson(items.filter(({ set }) => set === 'unlabeled'));
  await writeOnce(results, keys.shards(run), shards);
  await writeOnce(results, keys.unlabeled(run), unlabeled);
  return { shardsDigest: sha256(shards), unlabeledDigest: sha256(unlabeled) };
}

/** Collects the work of the run, given the labels that the teacher already has. */
async function workOf(
  { data, results }: RunToPlan,
  decisions: PlannedModels,
  sets: Record<SetName, SetSize>,
  items: readonly ShardItem[],
): Promise<RunWork> {
  const ids = items.map(({ id }) => id);
  return plannedWork(
    data,
    { ...decisions, sets },
    {
      labeledShards: await countLabeled(results, decisions.teacher, ids),
      embeddedShards: await countEmbedded(results, decisions.encoders, ids),
    },
  );
}

/** Returns the number of shards at once. The embedded engine has its own limit: its workers. */
function concurrencyOf({ deployment }: Context): number {
  return deployment?.concurrency ?? shardConcurrency;
}

function requireTrainer({ trainer }: Config, { deployment }: Context): void {
  if (trainer !== 'gpu' || deployment?.trainer !== 'function') return;
  throw new UserError(
    'trainer is gpu in distill.yaml, and this deployment has no GPU trainer',
    'Set trainer: function, or deploy the GPU part: counterweight deploy --trainer gpu',
  );
}

function requireClassNames(classes: readonly string[]): void {
  if (!looksContinuous(new Set(classes))) return;
  throw new UserError(
    `task.classes has ${classes.length} numbers with decimals, such as ${classes.slice(0, 3).join(', ')}: they measure something and are not classes.`,
    'Set task.target (or data.label) in distill.yaml to the column of the class, and list its values in task.classes.',
  );
}

/**
 * Checks the budgets of a deployment, and reserves the cost of the run in them. A local run has
 * none, since it costs nothing.
 */
async function requireBudget(
  { config, estimate }: Plan,
  { run, until }: JobEvent,
  { deployment }: Context,
  results: ObjectStore,
): Promise<void> {
  if (!deployment) return;
  const { budgetUsd: deploymentUsd } = deployment;
  const bill = until === 'labels' ? withoutStudents(estimate.bill) : estimate.bill;
  checkBudget(bill, { configUsd: config.limits.budgetUsd, deploymentUsd });
  await reserveSpend(results, { run, totalUsd: bill.totalUsd }, deployment);
}

/** Returns where the Maps find their manifests: a bucket and keys, or a folder and paths in it. */
function manifestLocation(results: ObjectStore, run: string) {
  const [, bucket = results.location, prefix = ''] =
    /^s3:\/\/([^/]+)\/?(.*)$/.exec(results.location) ?? [];
  const at = (key: string) => (prefix ? `${prefix}/${key}` : key);
  return { bucket, shards: at(keys.shards(run)), unlabeled: at(keys.unlabeled(run)) };
}
