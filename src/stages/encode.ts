import { embedShard } from '../distill/embed-shard.ts';
import { counted } from '../format.ts';
import type { PretrainedEncoder } from '../models/encoders/encoder.ts';
import { openEncoder } from '../models/encoders/open-encoder.ts';
import type { PlannedEncoder } from '../models/encoders/planned.ts';
import type { Context } from '../run/context.ts';
import type { ShardEvent } from '../run/events.ts';
import { type Job, openJob } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { readShard } from '../run/objects-file.ts';
import { oneSlot } from '../run/one-slot.ts';
import { writeOnce } from '../store/once.ts';

/**
 * Encode: embeds one shard with each encoder of the run. The keys of the embeddings have the
 * digests of encoder and shard, so that no run embeds a shard again.
 *
 * @returns 1 if it embedded the shard, 0 if the shard was embedded before. The answer is one
 *   character because Step Functions keeps the answers of all shards in 256 KiB.
 */
export async function encodeShard(event: ShardEvent, context: Context): Promise<0 | 1> {
  const job = await openJob(event);
  let isNew: 0 | 1 = 0;
  for (const planned of job.plan.encoders) {
    const key = keys.embeddings(planned.digest, event.shard.id);
    if (await job.results.head(key)) continue;
    await writeOnce(job.results, key, await encode(job, key, event, planned, context));
    isNew = 1;
  }
  return isNew;
}

async function encode(
  job: Job,
  key: string,
  { shard: item }: ShardEvent,
  planned: PlannedEncoder,
  context: Context,
): Promise<Uint8Array> {
  const about = { stage: 'Encode', part: item.id };
  const shard = await readShard(job, item);
  const encoder = await openedEncoder(job, planned);
  const as = { key, features: job.plan.features, bits: planned.bits };
  const { bytes, truncated } = await embedShard(job, shard, encoder, as, (done) => {
    context.signal.throwIfAborted();
    context.report({ ...about, done, unit: 'examples' });
  });
  if (truncated > 0) {
    const message = `${counted(truncated, 'text')} cut to the maximum length of ${planned.source}`;
    context.report({ ...about, message, level: 'info' });
  }
  return bytes;
}

/** Encoders of one run, opened when they are needed. */
interface OpenedEncoders {
  readonly byDigest: Map<string, PretrainedEncoder>;
  dispose(): void;
}

/** Cache: a process usually embeds many shards of one run. */
const cachedEncoders = oneSlot<OpenedEncoders>();

async function openedEncoder(
  { plan, results }: Job,
  { files }: PlannedEncoder,
): Promise<PretrainedEncoder> {
  const name = [results.location, ...plan.encoders.map((planned) => planned.files)].join();
  const { byDigest } = await cachedEncoders(name, async () => {
    const opened = new Map<string, PretrainedEncoder>();
    const dispose = () => {
      for (const encoder of opened.values()) encoder.dispose();
    };
    return { byDigest: opened, dispose };
  });
  const encoder = byDigest.get(files) ?? (await openEncoder(results, keys.encoder(files)));
  byDigest.set(files, encoder);
  return encoder;
}
