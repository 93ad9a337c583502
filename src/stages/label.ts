import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAhead } from '../data/ahead.ts';
import { createEncoder, type Decoded, type Encoder, isDecoded } from '../data/encode.ts';
import { type Example, isRejected, type Rejected } from '../data/example.ts';
import { type Features, featureShape } from '../data/features.ts';
import {
  createLabelsWriter,
  type LabelsSummary,
  type LabelsWriter,
  readLabelsSummary,
} from '../data/labels-file.ts';
import { readExamples } from '../data/read.ts';
import type { Shard } from '../data/shard.ts';
import { margins, predictions } from '../debias/margin.ts';
import { openTeacher } from '../models/open-teacher.ts';
import type { Teacher } from '../models/teacher.ts';
import { openTrainedTeacher } from '../models/teachers/trained.ts';
import { writeJsonOnce, writeOnce } from '../store/once.ts';
import type { Context } from './context.ts';
import type { ShardEvent } from './events.ts';
import { type Job, openJob, readShard } from './job.ts';
import { keys } from './keys.ts';

/** Images decoded at the same time. */
const parallelDecodes = 16;
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
  const { teacher, features } = await openedTeacher(job);
  const { classes, config } = job.plan;
  const writer = createLabelsWriter(classes.length, teacher.embeddingSize);
  const quarantined: Rejected[] = [];
  const examples = readExamples(job.data, shard, config);
  const encoder = createEncoder(features);
  let done = 0;
  for await (const batch of batches(examples, encoder, teacher.batchSize, quarantined)) {
    context.signal.throwIfAborted();
    await labelBatch(batch, {
      teacher,
      features,
      encoder,
      classes: classes.length,
      writer,
      quarantined,
    });
    done += batch.length;
    context.report({ stage: 'Label', part: shard.id, done, unit: 'examples' });
  }
  return writer.finish(quarantined);
}

interface DecodedExample {
  readonly id: string;
  readonly decoded: Decoded;
}

/** Decodes ahead and gathers batches; what cannot be used goes to the quarantine. */
async function* batches(
  examples: AsyncIterable<Example | Rejected>,
  encoder: Encoder,
  batchSize: number,
  quarantined: Rejected[],
): AsyncIterable<DecodedExample[]> {
  const decode = async (item: Example | Rejected): Promise<DecodedExample | Rejected> => {
    if (isRejected(item)) return item;
    const decoded = await encoder.decode(item);
    return isDecoded(decoded) ? { id: item.id, decoded } : decoded;
  };
  let batch: DecodedExample[] = [];
  for await (const item of readAhead(examples, parallelDecodes, decode)) {
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

interface Labeling {
  readonly teacher: Teacher;
  readonly features: Features;
  readonly encoder: Encoder;
  readonly classes: number;
  readonly writer: LabelsWriter;
  readonly quarantined: Rejected[];
}

async function labelBatch(
  batch: DecodedExample[],
  { teacher, features, encoder, classes, writer, quarantined }: Labeling,
): Promise<void> {
  const length = featureShape(features).reduce((product, size) => product * size, 1);
  const values = new Float32Array(batch.length * length);
  for (const [row, { decoded }] of batch.entries()) {
    encoder.normalize(decoded, values, row * length);
  }
  const ids = batch.map(({ id }) => id);
  const { probabilities, embeddings } = await teacher.predict({ ids, values });
  const kept = ids.flatMap((_, row) => (Number.isNaN(probabilities[row * classes]) ? [] : [row]));
  for (const [row, id] of ids.entries()) {
    if (!kept.includes(row)) quarantined.push({ id, reason: 'The teacher gives no answer (NaN).' });
  }
  if (kept.length === 0) return;
  const keptProbabilities = takeRows(probabilities, classes, kept);
  writer.append({
    ids: kept.map((row) => ids[row]!),
    predictions: predictions(keptProbabilities, classes),
    margins: margins(keptProbabilities, classes),
    probabilities: keptProbabilities,
    embeddings: embeddings && takeRows(embeddings, teacher.embeddingSize!, kept),
  });
}

function takeRows(values: Float32Array, width: number, rows: readonly number[]): Float32Array {
  if (rows.length * width === values.length) return values;
  const taken = new Float32Array(rows.length * width);
  rows.forEach((row, place) => {
    taken.set(values.subarray(row * width, (row + 1) * width), place * width);
  });
  return taken;
}

/** The teacher of the shard before: a process labels many shards with one teacher. */
let opened: { readonly digest: string; readonly teacher: Teacher; readonly features: Features };

async function openedTeacher(job: Job): Promise<typeof opened> {
  const { plan, data, results } = job;
  const { digest } = plan.teacher;
  if (opened?.digest === digest) return opened;
  opened?.teacher.dispose();
  if (plan.config.teacher.train) {
    opened = { digest, ...(await openTrainedTeacher(results, keys.teacher(digest))) };
  } else {
    const { features, classes } = plan;
    const { teacher: config } = plan.config;
    const options = { store: data, config, features, classes: classes.length, digest, scratch };
    opened = { digest, ...(await openTeacher(options)) };
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
