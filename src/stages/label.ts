import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAhead } from '../data/ahead.ts';
import { createEncoder, type Decoded, type Encoder, isDecoded } from '../data/encode.ts';
import { type Example, isRejected, type Rejected } from '../data/example.ts';
import { type Features, featureShape } from '../data/features.ts';
import {
  createLabelsWriter,
  type LabelBatch,
  type LabelsSummary,
  readLabelsSummary,
} from '../data/labels-file.ts';
import { readExamples } from '../data/read.ts';
import type { Shard } from '../data/shard.ts';
import { margins, predictions } from '../debias/margin.ts';
import { openTeacher } from '../models/open-teacher.ts';
import type { Teacher } from '../models/teacher.ts';
import { openTrained } from '../models/teachers/trained.ts';
import { writeJsonOnce, writeOnce } from '../store/once.ts';
import type { Context } from './context.ts';
import type { ShardEvent } from './events.ts';
import { type Job, openJob } from './job.ts';
import { keys } from './keys.ts';
import { readShard } from './objects-file.ts';
import { foldsOf, isEmbedded } from './plan-file.ts';

/** Batches that are read and decoded while the teacher works on one. */
const batchesAhead = 2;
/** What they may take, encoded and decoded, unless a single example is larger. */
const bytesAhead = 128 * 2 ** 20;
/** Where copies of teachers are kept for the tasks that come after. */
const scratch = join(tmpdir(), 'counterweight-teachers');

/**
 * Label: what the teacher says of one shard. Labels are kept under the digests of the teacher and
 * of the shard, so that a shard labeled in any run is not labeled again. Examples that cannot be
 * read, decoded or labeled are quarantined with their reason.
 *
 * @returns 1 when it labeled the shard, 0 when it found it labeled: Step Functions keeps the
 *   answers of all shards in 256 KiB, so an answer is one character.
 */
export async function labelShard(event: ShardEvent, context: Context): Promise<0 | 1> {
  const job = await openJob(event);
  const shard = await readShard(job, event.shard);
  const key = keys.labels(job.plan.teacher.digest, shard.id);
  const found = (await job.results.head(key)) !== undefined;
  if (!found) await writeOnce(job.results, key, await label(job, shard, context));
  const summary = await readLabelsSummary(job.results, key);
  await recordQuarantine(job, shard, summary);
  const examples = summary.labeled + summary.quarantined.length;
  context.report({ stage: 'Label', part: shard.id, done: examples, total: examples });
  return found ? 0 : 1;
}

async function label(job: Job, shard: Shard, context: Context): Promise<Uint8Array> {
  const { teacher, outOfFold, features } = await openedTeacher(job);
  const examples = readExamples(job.data, shard, job.plan.config);
  const classes = job.plan.classes.length;
  // The labeled set is what a teacher of ours has learned.
  const asked = shard.set === 'labeled' ? outOfFold : teacher;
  return labelExamples(examples, { teacher: asked, features, classes }, (done) => {
    context.signal.throwIfAborted();
    context.report({ stage: 'Label', part: shard.id, done, unit: 'examples' });
  });
}

export interface Labeling {
  readonly teacher: Teacher;
  /** What the teacher is fed. */
  readonly features: Features;
  readonly classes: number;
}

/**
 * Labels examples: reading and decoding go on while the teacher works on the batch before.
 *
 * @param tell called after each batch with the number of examples so far; what it throws, ends it.
 * @returns the bytes of the labels file.
 */
export async function labelExamples(
  examples: AsyncIterable<Example | Rejected>,
  labeling: Labeling,
  tell: (done: number) => void,
): Promise<Uint8Array> {
  const { teacher, features, classes } = labeling;
  const writer = createLabelsWriter(classes, teacher);
  const quarantined: Rejected[] = [];
  const encoder = createEncoder(features);
  let done = 0;
  for await (const batch of decodedBatches(examples, encoder, labeling, quarantined)) {
    const { labels, unanswered } = await labelBatch(batch, encoder, labeling);
    writer.append(labels);
    quarantined.push(...unanswered);
    done += batch.length;
    tell(done);
  }
  return writer.finish(quarantined);
}

interface DecodedExample {
  readonly id: string;
  readonly decoded: Decoded;
}

/** Decodes ahead and gathers batches; what cannot be used goes to the quarantine. */
async function* decodedBatches(
  examples: AsyncIterable<Example | Rejected>,
  encoder: Encoder,
  { teacher: { batchSize }, features }: Labeling,
  quarantined: Rejected[],
): AsyncGenerator<DecodedExample[]> {
  const decode = async (item: Example | Rejected): Promise<DecodedExample | Rejected> => {
    if (isRejected(item)) return item;
    const decoded = await encoder.decode(item);
    return isDecoded(decoded) ? { id: item.id, decoded } : decoded;
  };
  const room = batchesAhead * batchSize;
  const decodedBytes = product(featureShape(features)) * (features.kind === 'image' ? 1 : 4);
  // Large ones take the places of several.
  const places = (item: Example | Rejected): number =>
    Math.max(1, ((encodedBytes(item) + decodedBytes) / bytesAhead) * room);
  let batch: DecodedExample[] = [];
  for await (const item of readAhead(examples, room, decode, places)) {
    if ('reason' in item) {
      quarantined.push(item);
      continue;
    }
    batch.push(item);
    if (batch.length < batchSize) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function encodedBytes(item: Example | Rejected): number {
  return !isRejected(item) && item.content.kind === 'image' ? item.content.bytes.length : 0;
}

async function labelBatch(
  batch: readonly DecodedExample[],
  encoder: Encoder,
  { teacher, features, classes }: Labeling,
): Promise<{ labels: LabelBatch; unanswered: Rejected[] }> {
  const length = product(featureShape(features));
  const values = new Float32Array(batch.length * length);
  for (const [row, { decoded }] of batch.entries()) {
    encoder.normalize(decoded, values, row * length);
  }
  const ids = batch.map(({ id }) => id);
  const answer = await teacher.predict({ ids, values });
  const rows = [...ids.keys()];
  const answered = rows.filter((row) => !Number.isNaN(answer.probabilities[row * classes]));
  const probabilities = takeRows(answer.probabilities, classes, answered);
  const labels: LabelBatch = {
    ids: answered.map((row) => ids[row]!),
    predictions: predictions(probabilities, classes),
    margins: margins(probabilities, classes),
    probabilities,
    embeddings: answer.embeddings && takeRows(answer.embeddings, teacher.embeddingSize!, answered),
    votes: answer.votes && takeRows(answer.votes, teacher.voters!, answered),
  };
  const unanswered = rows
    .filter((row) => Number.isNaN(answer.probabilities[row * classes]))
    .map((row) => ({ id: ids[row]!, reason: 'The teacher gives no answer (NaN).' }));
  return { labels, unanswered };
}

function takeRows<Values extends Float32Array | Int32Array>(
  values: Values,
  width: number,
  rows: readonly number[],
): Values {
  if (rows.length * width === values.length) return values;
  // A copy of an array's part is an array of the same kind.
  const taken = values.slice(0, rows.length * width) as Values;
  rows.forEach((row, place) => {
    taken.set(values.subarray(row * width, (row + 1) * width), place * width);
  });
  return taken;
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((whole, size) => whole * size, 1);
}

/** The teacher of the shard before: a process labels many shards with one teacher. */
let opened: {
  readonly digest: string;
  readonly teacher: Teacher;
  /** For the examples that the teacher may have learned. */
  readonly outOfFold: Teacher;
  readonly features: Features;
  dispose(): void;
};

async function openedTeacher(job: Job): Promise<typeof opened> {
  const { plan, data, results } = job;
  const { digest } = plan.teacher;
  if (opened?.digest === digest) return opened;
  opened?.dispose();
  if (plan.config.teacher.train) {
    const folder = keys.teacher(digest);
    const { ensemble, ...rest } = await openTrained(
      results,
      folder,
      foldsOf(plan),
      isEmbedded(plan),
    );
    opened = { digest, teacher: ensemble, ...rest };
  } else {
    const { features, classes } = plan;
    const { teacher: config } = plan.config;
    const options = { store: data, config, features, classes: classes.length, digest, scratch };
    const { teacher, features: fed } = await openTeacher(options);
    const dispose = () => teacher.dispose();
    opened = { digest, teacher, outOfFold: teacher, features: fed, dispose };
  }
  return opened;
}

async function recordQuarantine(job: Job, shard: Shard, summary: LabelsSummary): Promise<void> {
  if (summary.quarantined.length === 0) return;
  await writeJsonOnce(job.results, keys.quarantine(job.run, shard.id), {
    set: shard.set,
    quarantined: summary.quarantined,
  });
}
