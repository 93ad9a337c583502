/** The content of some examples, which are spread over the shards of a run. */
import { type Example, isRejected } from '../../data/example.ts';
import { formats } from '../../data/formats/index.ts';
import { keyInSet } from '../../data/layout.ts';
import { readExamples } from '../../data/read.ts';
import type { Shard } from '../../data/shard.ts';
import type { Located } from '../../evaluate/report/previews.ts';
import { type Job, shardItems } from '../../run/job.ts';
import { readShard } from '../../run/objects-file.ts';

/** Maximum number of shards that are read, so that Evaluate ends in time. */
const maxShards = 64;

/** An example with the shard that it was read from. */
export interface LocatedExample {
  readonly shard: string;
  readonly example: Example;
}

/** Yields the examples, one shard after the other; of too many shards, those of the first ones. */
export async function* readLocated(
  job: Job,
  examples: readonly Located[],
): AsyncGenerator<LocatedExample> {
  const shards = [...new Set(examples.map(({ shard }) => shard))];
  const items = new Map((await shardItems(job)).map((item) => [item.id, item]));
  for (const id of shards.slice(0, maxShards)) {
    const item = items.get(id);
    if (item === undefined) continue;
    const ids = new Set(examples.flatMap((example) => (example.shard === id ? example.id : [])));
    const shard = needed(job, await readShard(job, item), ids);
    if (shard.pieces.length === 0) continue;
    for await (const example of readExamples(job.data, shard, job.plan.config)) {
      if (isRejected(example) || !ids.delete(example.id)) continue;
      yield { shard: id, example };
      if (ids.size === 0) break;
    }
  }
}

/** Leaves out the pieces of a shard that cannot have an example with one of the ids. */
function needed({ plan }: Job, shard: Shard, ids: ReadonlySet<string>): Shard {
  if (!formats[plan.config.data.format].idsFromKeys) return shard;
  const all = [...ids];
  const pieces = shard.pieces.filter(({ key }) => all.some((id) => id.startsWith(keyInSet(key))));
  return { ...shard, pieces };
}
