/** The content of the examples that people look at: in the report, or to label them. */
import { isRejected } from '../../data/example.ts';
import { kindOf } from '../../data/features/index.ts';
import type { Preview, PreviewSize } from '../../data/features/preview.ts';
import { formats } from '../../data/formats/index.ts';
import { keyInSet } from '../../data/layout.ts';
import { readExamples } from '../../data/read.ts';
import type { Shard } from '../../data/shard.ts';
import { type Located, type Previews, previewKey } from '../../evaluate/report/previews.ts';
import { type Job, shardItems } from '../../run/job.ts';
import { readShard } from '../../run/objects-file.ts';

/** Maximum number of shards that are read, so that Evaluate ends in time. */
const maxShards = 64;

/** Limits of a list of previews. */
export interface PreviewLimits {
  readonly size: PreviewSize;
  /** Maximum size of all previews. */
  readonly bytes: number;
}

/**
 * Reads examples, one shard after the other, and keeps small previews of them. Examples beyond the
 * limits have none.
 */
export async function readPreviews(
  job: Job,
  examples: readonly Located[],
  limits: PreviewLimits,
): Promise<Previews> {
  const previews = new Map<string, Preview>();
  const shards = [...new Set(examples.map(({ shard }) => shard))];
  const items = new Map((await shardItems(job)).map((item) => [item.id, item]));
  let bytes = 0;
  for (const id of shards.slice(0, maxShards)) {
    const item = items.get(id);
    if (item === undefined) continue;
    const wanted = examples.filter((example) => example.shard === id);
    const ids = new Set(wanted.map((example) => example.id));
    const shard = needed(job, await readShard(job, item), ids);
    for await (const example of shard.pieces.length > 0 ? read(job, shard, ids) : []) {
      const preview = await kindOf(example.content).preview?.(example.content, limits.size);
      const size = preview === undefined ? 0 : sizeOf(preview);
      if (preview === undefined || bytes + size > limits.bytes) continue;
      bytes += size;
      previews.set(previewKey({ shard: id, id: example.id }), preview);
    }
  }
  return previews;
}

/** Yields the examples with these ids; stops when all are found. */
async function* read(job: Job, shard: Shard, ids: Set<string>) {
  for await (const example of readExamples(job.data, shard, job.plan.config)) {
    if (isRejected(example) || !ids.delete(example.id)) continue;
    yield example;
    if (ids.size === 0) return;
  }
}

/** Leaves out the pieces of a shard that cannot have an example with one of the ids. */
function needed({ plan }: Job, shard: Shard, ids: ReadonlySet<string>): Shard {
  if (!formats[plan.config.data.format].idsFromKeys) return shard;
  const all = [...ids];
  const pieces = shard.pieces.filter(({ key }) => all.some((id) => id.startsWith(keyInSet(key))));
  return { ...shard, pieces };
}

function sizeOf(preview: Preview): number {
  if (preview.kind === 'picture') return preview.bytes.length;
  if (preview.kind === 'text') return 2 * preview.text.length;
  return preview.cells.reduce((total, [name, value]) => total + 2 * (name + value).length, 0);
}
