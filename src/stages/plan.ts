import { createHash } from 'node:crypto';
import { type Config, teacherKinds } from '../config/schema.ts';
import { checkBudget } from '../cost/budget.ts';
import { estimatePlan } from '../cost/plan-estimate.ts';
import { measureSets } from '../cost/set-size.ts';
import { classLookup, readClasses, unknownLabel } from '../data/classes.ts';
import { cutShards, withPart } from '../data/cut.ts';
import { type Example, isRejected } from '../data/example.ts';
import { fitFeatures } from '../data/fit.ts';
import { batchOf, markerOf } from '../data/layout.ts';
import { readExamples } from '../data/read.ts';
import { type SetName, type Shard, setNames } from '../data/shard.ts';
import { UserError } from '../errors.ts';
import { teacherDigest } from '../models/teacher-digest.ts';
import { readJson, writeJsonOnce, writeOnce } from '../store/once.ts';
import { openStore } from '../store/open.ts';
import type { ObjectStore } from '../store/store.ts';
import type { Context } from './context.ts';
import type { JobEvent, ShardItem } from './events.ts';
import { keys } from './keys.ts';
import { countLabeled } from './label-cache.ts';
import {
  type AcceptedRecord,
  type Plan,
  planSchema,
  recordSchema,
  type Variant,
} from './plan-file.ts';
import { datasetName } from './start.ts';

/** The states after Plan get this: keys and counts, never examples. */
export interface PlanOutput {
  /** The results store, and the keys of its two manifests. */
  readonly bucket: string;
  readonly shards: string;
  readonly unlabeled: string;
  readonly trainTeacher: boolean;
  readonly variants: { name: string; trainer: string }[];
}

/** Step Functions keeps one short answer a shard, in at most 256 KiB. */
export const maxShards = 50_000;

/**
 * Plan: pins every input object, cuts shards, splits off a validation set where none is given,
 * fits the features on the labeled set, estimates the cost, and checks everything that can be
 * checked before paying. Writes `objects.jsonl`, the manifests and, last, `plan.json`, whose presence
 * says that it is done.
 */
export async function plan(event: JobEvent, context: Context): Promise<PlanOutput> {
  const data = await openStore(event.dataset);
  const results = await openStore(event.results);
  if (!(await results.head(keys.plan(event.run)))) {
    const record = await readJson(results, keys.record(event.run), recordSchema);
    if ('refused' in record) throw new UserError(record.refused.message, record.refused.hint);
    await makePlan(event.run, record, data, results, context);
  }
  const made = await readJson(results, keys.plan(event.run), planSchema);
  requireBudget(made, context);
  return {
    ...manifestLocation(results, event.run),
    trainTeacher: made.config.teacher.train !== undefined,
    variants: made.variants.map(({ name, trainer }) => ({ name, trainer })),
  };
}

async function makePlan(
  run: string,
  { config, batches }: AcceptedRecord,
  data: ObjectStore,
  results: ObjectStore,
  context: Context,
): Promise<void> {
  requireTrainer(config, context);
  const classes = await readClasses(data, config.task);
  const { shards, unfinished } = await cutSets(data, config, batches);
  const labeled = shards.filter((shard) => shard.set === 'labeled');
  const counts = new Float64Array(classes.length);
  const examples = checkedExamples(data, labeled, config, classes, counts, context);
  const features = await fitFeatures(config.task, config.data, examples);
  const ids = (of: Shard[]) => of.map(({ id }) => id);
  const digest = config.teacher.train
    ? digestOf(config.teacher.train, config.seed, features, classes, ids(labeled))
    : await teacherDigest(data, config.teacher, features);

  const items = await writeObjects(run, shards, results);
  const unlabeled = items.filter(({ set }) => set === 'unlabeled');
  await writeJsonOnce(results, keys.shards(run), items);
  await writeJsonOnce(results, keys.unlabeled(run), unlabeled);
  const sizes = measureSets(shards, config.data.format, sum(counts));
  const decided = { config, classes, features, variants: makeVariants(config) };
  const labeledShards = await countLabeled(results, digest, ids(shards));
  const estimate = await estimatePlan(data, { ...decided, sets: sizes }, labeledShards);
  const made: Plan = {
    ...decided,
    run,
    dataset: datasetName(data),
    teacher: { kind: teacherKind(config), digest },
    sets: Object.fromEntries(
      setNames.map((set) => [set, { shards: sizes[set].shards, bytes: sizes[set].bytes }]),
    ) as Plan['sets'], // fromEntries forgets that every set is there
    evaluatedOn: shards.some(({ set }) => set === 'test') ? 'test' : 'validation',
    warnings: [
      ...missingClasses(classes, counts),
      ...unfinished,
      // What AWS would not do in time is no concern of a run on one machine.
      ...(context.deployment ? estimate.warnings : []),
    ],
    estimate,
  };
  await writeJsonOnce(results, keys.plan(run), made);
}

function requireTrainer({ trainer }: Config, { deployment }: Context): void {
  if (trainer !== 'gpu' || deployment?.trainer !== 'function') return;
  throw new UserError(
    'trainer is gpu in distill.yaml, and this deployment has no GPU trainer',
    'Set trainer: function, or deploy the GPU part: counterweight deploy --trainer gpu',
  );
}

/** What a machine costs that is there anyway is nobody's to say: only a deployment has a budget. */
function requireBudget({ config, estimate }: Plan, { deployment }: Context): void {
  if (!deployment) return;
  const { budgetUsd: deploymentUsd } = deployment;
  checkBudget(estimate.bill, { configUsd: config.limits.budgetUsd, deploymentUsd });
}

/** The shards of all sets, and what is left out because it is still being uploaded. */
interface CutSets {
  readonly shards: Shard[];
  readonly unfinished: string[];
}

/**
 * Cuts all sets, and splits the validation set off the labeled one where none is given.
 * @param batches those that were complete when the run was made; another one is still being
 *   uploaded and is left for a later run. Default: all.
 */
async function cutSets(
  data: ObjectStore,
  config: Config,
  batches: AcceptedRecord['batches'],
): Promise<CutSets> {
  const shards: Shard[] = [];
  const unfinished = new Set<string>();
  for (const set of setNames) {
    for await (const shard of cutShards(data, set, `${set}/`, config.data)) {
      const batch = batchOf(shard.pieces[0]!.key);
      if (set !== 'unlabeled' || (batches?.includes(batch) ?? true)) shards.push(shard);
      else unfinished.add(`there was no ${markerOf(batch)}: the batch is left for a later run`);
    }
  }
  const files = 'data files';
  requireSet(shards, 'labeled', files, data, 'Put a few hundred examples with their labels there.');
  const complete = batches ? 'data files of a batch that has its _SUCCESS' : files;
  const hint = 'Put the files that the teacher should label there.';
  requireSet(shards, 'unlabeled', complete, data, [hint, ...unfinished].join('\n'));
  if (shards.length > maxShards) {
    throw new UserError(
      `the dataset makes ${shards.length} shards, and a run takes at most ${maxShards}`,
      `Make shards larger: data.shardMiB is ${config.data.shardMiB} now.`,
    );
  }
  const split = shards.some(({ set }) => set === 'validation')
    ? shards
    : shards.flatMap((shard) => (shard.set === 'labeled' ? halves(shard, config) : [shard]));
  return { shards: split, unfinished: [...unfinished] };
}

function requireSet(
  shards: Shard[],
  set: SetName,
  what: string,
  data: ObjectStore,
  hint: string,
): void {
  if (shards.some((shard) => shard.set === set)) return;
  throw new UserError(`the ${set} set is empty: no ${what} in ${data.location}/${set}/`, hint);
}

/** Cuts a labeled shard in two by a hash of the ids: validation below the share, labeled above. */
function halves(shard: Shard, config: Config): Shard[] {
  const share = config.data.validationShare;
  const seed = config.seed;
  return [
    withPart(shard, { seed, from: share, to: 1 }),
    withPart(shard, { seed, from: 0, to: share }, 'validation'),
  ];
}

/** The labeled examples, each with a label that is a class; counts them by class. */
async function* checkedExamples(
  data: ObjectStore,
  shards: Shard[],
  config: Config,
  classes: string[],
  counts: Float64Array,
  context: Context,
): AsyncIterable<Example> {
  const lookup = classLookup(classes);
  let done = 0;
  for (const shard of shards) {
    for await (const item of readExamples(data, shard, config)) {
      context.signal.throwIfAborted();
      if (isRejected(item)) continue;
      const index = lookup(item.label);
      if (index === undefined) throw unknownLabel(item, shard.set, classes);
      counts[index]! += 1;
      done++;
      yield item;
    }
  }
  if (done > 0) return;
  throw new UserError(
    'the labeled set has no usable example',
    'Look at the files in labeled/: every image needs its label, every row its target.',
  );
}

/** One line a shard, so that a task reads its own line by a range and never the whole list. */
async function writeObjects(
  run: string,
  shards: Shard[],
  results: ObjectStore,
): Promise<ShardItem[]> {
  const lines: Buffer[] = [];
  const items: ShardItem[] = [];
  let start = 0;
  for (const shard of shards) {
    const line = Buffer.from(`${JSON.stringify(shard)}\n`);
    lines.push(line);
    items.push({ id: shard.id, set: shard.set, start, end: start + line.length });
    start += line.length;
  }
  await writeOnce(results, keys.objects(run), Buffer.concat(lines));
  return items;
}

/** Where the Distributed Maps find their manifests: a bucket and keys, or a folder and paths. */
function manifestLocation(results: ObjectStore, run: string) {
  const [bucket, prefix] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(results.location)?.slice(1) ?? [
    results.location,
    '',
  ];
  const at = (key: string) => (prefix ? `${prefix}/${key}` : key);
  return { bucket: bucket!, shards: at(keys.shards(run)), unlabeled: at(keys.unlabeled(run)) };
}

/** The config's method first, then what it is compared with; each once. */
function makeVariants(config: Config): Variant[] {
  const variants = new Map<string, Variant>();
  for (const wanted of [config.method, ...config.compare]) {
    const {
      method,
      labels = config.labels,
      seed = config.seed,
    } = typeof wanted === 'string' ? { method: wanted } : wanted;
    const name = [
      method,
      labels === config.labels ? '' : `-${labels}`,
      seed === config.seed ? '' : `-seed${seed}`,
    ].join('');
    if (!variants.has(name)) {
      variants.set(name, { name, method, labels, seed, trainer: config.trainer });
    }
  }
  return [...variants.values()];
}

function teacherKind({ teacher }: Config): string {
  return teacherKinds.find((kind) => teacher[kind] !== undefined)!;
}

function sum(figures: Float64Array): number {
  return figures.reduce((all, figure) => all + figure, 0);
}

function* missingClasses(classes: string[], counts: Float64Array): Iterable<string> {
  const missing = classes.filter((_, index) => counts[index] === 0);
  if (missing.length > 0) {
    yield `the labeled set has no example of ${missing.join(', ')}: label a few of each`;
  }
}

function digestOf(...parts: unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}
