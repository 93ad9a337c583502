import { sum } from '../arrays.ts';
import type { Config } from '../config/schema.ts';
import { checkBudget } from '../cost/budget.ts';
import { estimatePlan } from '../cost/plan-estimate.ts';
import { createSetMeter } from '../cost/set-size.ts';
import { classLookup, readClasses, unknownLabel } from '../data/classes.ts';
import { cutShards, withPart } from '../data/cut.ts';
import { type Example, isRejected } from '../data/example.ts';
import { fitFeatures } from '../data/features/fit.ts';
import { batchOf, markerOf } from '../data/layout.ts';
import { readExamples } from '../data/read.ts';
import { type SetName, type Shard, setNames } from '../data/shard.ts';
import { type MethodName, methodNames, methodOf } from '../debias/methods.ts';
import { digestJson } from '../digest.ts';
import { checkOwnTopologies } from '../distill/custom-topologies.ts';
import { UserError } from '../errors.ts';
import { teacherKinds } from '../models/config.ts';
import { teacherDigest } from '../models/teacher-digest.ts';
import type { Context } from '../run/context.ts';
import type { JobEvent, ShardItem } from '../run/events.ts';
import { keys } from '../run/keys.ts';
import { countLabeled } from '../run/label-cache.ts';
import { createObjectsWriter, manifestJson, readShard } from '../run/objects-file.ts';
import {
  type AcceptedRecord,
  needs,
  type Plan,
  planSchema,
  recordSchema,
  type Variant,
} from '../run/plan-file.ts';
import { readJson, writeJsonOnce, writeOnce } from '../store/once.ts';
import { openStore } from '../store/open.ts';
import type { ObjectStore } from '../store/store.ts';
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
 * checked before paying. Writes the objects' files, the manifests and, last, `plan.json`, whose
 * presence says that it is done.
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
  const sizes = createSetMeter(config.data.format);
  const objects = createObjectsWriter(results, run);
  const unfinished = new Set<string>();
  const validation = await validationOf(data, config);
  for await (const shard of cutSets(data, config, validation, batches, unfinished)) {
    sizes.add(shard);
    await objects.append(shard);
  }
  const items = await objects.finish();
  const labeled = items.filter(({ set }) => set === 'labeled');
  const counts = new Float64Array(classes.length);
  const shards = readShards(results, run, labeled);
  const examples = checkedExamples(data, shards, config, classes, counts, context);
  const features = await fitFeatures(config.task, config.data, examples);
  const ids = (of: ShardItem[]) => of.map(({ id }) => id);
  const { train, loss, mcmi } = config.teacher;
  const variants = makeVariants(config);
  const decided = { config, classes, features, variants };
  await checkOwnTopologies(data, decided);
  const digest = train
    ? digestJson(
        [
          train,
          loss,
          loss === 'mcmi' && mcmi,
          config.folds,
          config.seed,
          features,
          classes,
          ids(labeled),
          ...(needs(decided, 'embeddings') ? ['embeddings'] : []),
        ],
        16,
      )
    : await teacherDigest(data, config.teacher, features);

  const unlabeled = items.filter(({ set }) => set === 'unlabeled');
  await writeOnce(results, keys.shards(run), manifestJson(items));
  await writeOnce(results, keys.unlabeled(run), manifestJson(unlabeled));
  const sets = sizes.sizes(sum(counts));
  const validatedOn = validation === 'labeled' ? 'labeled' : 'validation';
  const labeledShards = await countLabeled(results, digest, ids(items));
  const estimate = await estimatePlan(data, { ...decided, sets }, labeledShards);
  const made: Plan = {
    ...decided,
    run,
    dataset: datasetName(data),
    teacher: { kind: teacherKind(config), digest },
    sets: Object.fromEntries(
      setNames.map((set) => [set, { shards: sets[set].shards, bytes: sets[set].bytes }]),
    ) as Plan['sets'], // fromEntries forgets that every set is there
    validatedOn,
    evaluatedOn: sets.test.shards > 0 ? 'test' : validatedOn,
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

/** Where the labels come from that tell where the teacher errs. */
type ValidationSource = 'validation' | 'split' | 'labeled';

/**
 * The validation set, where there is one; the labeled set, where no teacher is asked for an example
 * that it has learned; else a part that is split off the labeled set.
 */
async function validationOf(data: ObjectStore, config: Config): Promise<ValidationSource> {
  const { teacher, folds } = config;
  if (await hasShards(data, 'validation', config)) return 'validation';
  if (teacher.train && folds > 1) return 'labeled';
  if (config.data.validationShare > 0) return 'split';
  const needsValidation = [config.method, ...config.compare].some((variant) =>
    methodOf(nameOf(variant)).needs.includes('validation'),
  );
  if (!teacher.train || !needsValidation) return 'labeled';
  const others = methodNames.filter((name) => !methodOf(name).needs.includes('validation'));
  throw new UserError(
    'no label tells where the teacher errs: folds is 1 and data.validationShare is 0 in distill.yaml',
    `Leave folds out: its default is 5. Only ${others.join(', ')} can do without.`,
  );
}

/**
 * Cuts all sets, one after the other, and splits the validation set off the labeled one where it has
 * to come from there.
 *
 * @param batches those that were complete when the run was made; another one is still being
 *   uploaded and is left for a later run. Default: all.
 * @param unfinished gets a warning for each batch that is left.
 */
async function* cutSets(
  data: ObjectStore,
  config: Config,
  validation: ValidationSource,
  batches: AcceptedRecord['batches'],
  unfinished: Set<string>,
): AsyncGenerator<Shard> {
  let count = 0;
  for (const set of setNames) {
    const countBefore = count;
    for await (const shard of cutShards(data, set, `${set}/`, config.data)) {
      const batch = batchOf(shard.pieces[0]!.key);
      if (set === 'unlabeled' && batches && !batches.includes(batch)) {
        unfinished.add(`there was no ${markerOf(batch)}: the batch is left for a later run`);
        continue;
      }
      count++;
      if (count > maxShards) continue; // All are counted, for the message.
      if (set === 'labeled' && validation === 'split') yield* halves(shard, config);
      else yield shard;
    }
    if (count === countBefore) refuseEmpty(set, data, batches, unfinished);
  }
  if (count <= maxShards) return;
  throw new UserError(
    `the dataset makes ${count} shards, and a run takes at most ${maxShards}`,
    `Make shards larger: data.shardMiB is ${config.data.shardMiB} now.`,
  );
}

async function hasShards(data: ObjectStore, set: SetName, config: Config): Promise<boolean> {
  for await (const _ of cutShards(data, set, `${set}/`, config.data)) return true;
  return false;
}

/** Two of the sets cannot be empty. */
function refuseEmpty(
  set: SetName,
  data: ObjectStore,
  batches: AcceptedRecord['batches'],
  unfinished: Set<string>,
): void {
  const isEmpty = (what: string) =>
    `the ${set} set is empty: no ${what} in ${data.location}/${set}/`;
  if (set === 'labeled') {
    throw new UserError(
      isEmpty('data files'),
      'Put a few hundred examples with their labels there.',
    );
  }
  if (set === 'unlabeled') {
    throw new UserError(
      isEmpty(batches ? 'data files of a batch that has its _SUCCESS' : 'data files'),
      ['Put the files that the teacher should label there.', ...unfinished].join('\n'),
    );
  }
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
  shards: AsyncIterable<Shard>,
  config: Config,
  classes: string[],
  counts: Float64Array,
  context: Context,
): AsyncIterable<Example> {
  const lookup = classLookup(classes);
  let done = 0;
  for await (const shard of shards) {
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

async function* readShards(
  results: ObjectStore,
  run: string,
  items: readonly ShardItem[],
): AsyncGenerator<Shard> {
  for (const item of items) yield await readShard({ results, run }, item);
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
    const method = nameOf(wanted);
    const { labels = defaultLabels(method, config), seed = config.seed } =
      typeof wanted === 'string' ? {} : wanted;
    const name = [
      method,
      labels === defaultLabels(method, config) ? '' : `-${labels}`,
      seed === config.seed ? '' : `-seed${seed}`,
    ].join('');
    if (!variants.has(name)) {
      variants.set(name, { name, method, labels, seed, trainer: config.trainer });
    }
  }
  return [...variants.values()];
}

function nameOf(variant: Config['method']): MethodName {
  return typeof variant === 'string' ? variant : variant.method;
}

/** The config's labels, unless the method needs soft ones. */
function defaultLabels(method: MethodName, { labels }: Config): Variant['labels'] {
  return methodOf(method).labels === 'soft' ? 'soft' : labels;
}

function teacherKind({ teacher }: Config): string {
  return teacherKinds.find((kind) => teacher[kind] !== undefined)!;
}

function* missingClasses(classes: string[], counts: Float64Array): Iterable<string> {
  const missing = classes.filter((_, index) => counts[index] === 0);
  if (missing.length > 0) {
    yield `the labeled set has no example of ${missing.join(', ')}: label a few of each`;
  }
}
