import { sum } from '../arrays.ts';
import { type Example, isRejected } from '../data/example.ts';
import { createEncoder } from '../data/features/index.ts';
import { isDecoded, rowsOf } from '../data/features/kind.ts';
import { type Folds, foldOf } from '../data/folds.ts';
import { ClassMeans } from '../debias/mcmi.ts';
import { readEncoded } from '../distill/encoded-examples.ts';
import { filterSource, trueDecisions } from '../distill/sets.ts';
import { decodeForStudent } from '../distill/student-inputs.ts';
import { type TrainingTask, trainFolds, trainNetwork } from '../distill/training.ts';
import { type TrainingExample, trueSupervision } from '../distill/training-example.ts';
import { UserError } from '../errors.ts';
import type { TeacherConfig } from '../models/config.ts';
import { networkFeatures, plannedEncoder } from '../models/encoders/planned.ts';
import { isModelSaved, readModelFiles } from '../models/model-files.ts';
import { isLinearHead, type NetworkConfig } from '../models/networks/index.ts';
import { withTeacherLength } from '../models/networks/training-length.ts';
import { loadModel, type Predict } from '../models/student.ts';
import { membersOf } from '../models/teachers/trained-kind.ts';
import type { Context } from '../run/context.ts';
import type { JobEvent, ShardItem } from '../run/events.ts';
import { type Job, openJob, shardItems } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { readShard } from '../run/objects-file.ts';
import { foldsOf, learnedByTeacher, planDecisions } from '../run/plan-file.ts';
import { epochSteps } from '../train/order.ts';
import type { ShardSource } from '../train/stream.ts';

/**
 * Train teacher: trains our own teachers on the labels, one per fold (`data/folds.ts`). They
 * are stored under a digest of everything that their training depends on, so another run with the
 * same teachers does not train them again. Each member of a mixture has its own digest.
 */
export async function trainTeacher(
  event: JobEvent,
  context: Context,
): Promise<{ folders: string[] }> {
  const job = await openJob(event, context);
  const { config, teacher } = job.plan;
  const networks = membersOf(config.teacher);
  if (networks.length === 0) {
    throw new Error('the workflow trains a teacher only when the config asks for it');
  }
  const folders: string[] = [];
  for (const [index, { name, digest }] of teacher.members.entries()) {
    const folder = keys.teacher(digest);
    await trainMember(job, { network: networks[index]!, name, folder }, context);
    folders.push(folder);
  }
  return { folders };
}

/** A teacher to train, alone or as the member of a mixture. */
interface Member {
  readonly network: NetworkConfig;
  readonly name: string;
  /** Key prefix of its models. */
  readonly folder: string;
}

async function trainMember(
  job: Job,
  { network, name, folder }: Member,
  context: Context,
): Promise<void> {
  const { config, teacher } = job.plan;
  const folds = foldsOf(job.plan);
  let shards: UsableShard[] | undefined;
  await trainFolds(job, folder, async (fold, modelFolder) => {
    if (!shards) {
      shards = await usableShards(job, network, folds);
      reportTotal(job, network, shards, fold, context);
    }
    const labeled = shards.map((shard) => withoutFold(job, network, shard, fold, folds));
    const labels = sum(labeled.map(({ count }) => count));
    if (labels === 0) throw tooFewFor(folds);
    const parts = [
      ...(teacher.members.length > 1 ? [name] : []),
      ...(folds.count > 1 ? [`${fold + 1} of ${folds.count}`] : []),
    ];
    const part = parts.length > 0 ? { part: parts.join(', ') } : {};
    const seed = config.seed + fold;
    const about = { stage: 'Train teacher', ...part, folder: modelFolder, seed, labeled };
    const task = { ...about, network: withTeacherLength(network, labels) };
    await trainWith(config.teacher, job, task, context);
  });
}

/**
 * Reports the steps of the folds from `first` on; those before are saved. Steps of a mixture, and
 * of a second training, are reported when they begin.
 */
function reportTotal(
  job: Job,
  network: NetworkConfig,
  shards: readonly UsableShard[],
  first: number,
  context: Context,
): void {
  const { config, teacher } = job.plan;
  const folds = foldsOf(job.plan);
  const hasSteps = config.teacher.loss !== 'mcmi' && !isLinearHead(network);
  if (!hasSteps || teacher.members.length > 1) return;
  const steps = Array.from({ length: folds.count - first }, (_, index) => {
    const fold = first + index;
    const labels = sum(shards.map((shard) => withoutFold(job, network, shard, fold, folds).count));
    return epochSteps(withTeacherLength(network, labels), labels);
  });
  context.report({ stage: 'Train teacher', total: sum(steps), unit: 'steps' });
}

async function trainWith(
  { loss, mcmi }: TeacherConfig,
  job: Job,
  task: TrainingTask,
  context: Context,
): Promise<void> {
  if (loss === 'crossEntropy' && isLinearHead(task.network)) {
    const { trainLinearHead } = await import('../distill/linear-teacher.ts');
    return trainLinearHead(job, task, context);
  }
  // The default is the cross-entropy of the task: of classes, or of each label.
  if (loss === 'crossEntropy') return trainNetwork(job, task, context);
  if (loss !== 'mcmi') return trainNetwork(job, { ...task, loss: { kind: loss } }, context);
  const before = keys.before(task.folder);
  if (!(await isModelSaved(job.results, before))) {
    await trainNetwork(job, { ...task, folder: before }, context);
  }
  const { model, predict } = await loadModel(await readModelFiles(job.results, before));
  const classMeans = await classMeansOf(job, task, predict);
  const network = { ...task.network, epochs: mcmi.epochs };
  const further = { kind: loss, classMeans, strength: mcmi.strength } as const;
  await trainNetwork(job, { ...task, network, model, loss: further }, context);
}

/** Computes the mean of a teacher's probabilities over the examples of each class. */
async function classMeansOf(
  job: Job,
  { labeled, network }: TrainingTask,
  predict: Predict,
): Promise<Float32Array> {
  const { classes } = job.plan;
  const encoder = createEncoder(networkFeatures(job.plan, network));
  const means = new ClassMeans(classes.length);
  for (const shard of labeled) {
    for await (const { example, target } of shard.open()) {
      const rows = rowsOf(encoder, [await decodeForStudent(encoder, example)]);
      means.add(predict(rows), [target.indexOf(1)]);
    }
  }
  return means.result();
}

function tooFewFor({ count }: Folds): UserError {
  return new UserError(
    `the labeled set has too few examples for ${count} folds: all are in the same one`,
    'Label a few hundred examples, or set folds: 1 in distill.yaml.',
  );
}

/** A shard that the teacher learns. Label has not quarantined its undecodable examples yet. */
interface UsableShard {
  readonly item: ShardItem;
  readonly undecodable: ReadonlySet<string>;
  /** Number of usable examples per fold. */
  readonly counts: readonly number[];
}

async function usableShards(
  job: Job,
  network: NetworkConfig,
  folds: Folds,
): Promise<UsableShard[]> {
  const encoder = createEncoder(networkFeatures(job.plan, network));
  const shards: UsableShard[] = [];
  for (const item of await shardItems(job, ...learnedByTeacher(job.plan))) {
    const undecodable = new Set<string>();
    const counts = new Array<number>(folds.count).fill(0);
    for await (const example of examplesOf(job, network, item)) {
      if (isDecoded(await encoder.decode(example))) counts[foldOf(example.id, folds)]! += 1;
      else undecodable.add(example.id);
    }
    shards.push({ item, undecodable, counts });
  }
  return shards;
}

/** Returns the training set of a fold's teacher: all but the fold; with one fold, everything. */
function withoutFold(
  job: Job,
  network: NetworkConfig,
  { item, undecodable, counts }: UsableShard,
  fold: number,
  folds: Folds,
): ShardSource<TrainingExample> {
  const learns = (other: number) => folds.count === 1 || other !== fold;
  const includes = (id: string) => !undecodable.has(id) && learns(foldOf(id, folds));
  const count = sum(counts.filter((_, other) => learns(other)));
  return filterSource(trueLabelSource(job, network, item), includes, count);
}

/** Returns the readable examples of a shard with their true labels. */
function trueLabelSource(
  job: Job,
  network: NetworkConfig,
  item: ShardItem,
): Pick<ShardSource<TrainingExample>, 'open'> {
  const decisions = planDecisions(job.plan);
  const trueOf = trueDecisions(job);
  return {
    async *open() {
      for await (const example of examplesOf(job, network, item)) {
        yield { example, ...trueSupervision(trueOf(example, item.set), decisions) };
      }
    },
  };
}

/** Reads the examples with the embeddings that the network reads. Other encoders change nothing. */
async function* examplesOf(
  job: Job,
  network: NetworkConfig,
  item: ShardItem,
): AsyncIterable<Example> {
  const shard = await readShard(job, item);
  const encoder = plannedEncoder(job.plan.encoders, network);
  for await (const example of readEncoded(job, shard, encoder ? [encoder.digest] : [])) {
    if (!isRejected(example)) yield example;
  }
}
