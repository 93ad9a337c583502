/** Embeddings for the student in use, if its encoder is not one of the run. */
import { encoderIn } from '../../data/features/index.ts';
import { openEmbeddings } from '../../data/tables/embeddings-file.ts';
import { embedShard } from '../../distill/embed-shard.ts';
import { encodersOf, readUsableSummary } from '../../distill/encoded-examples.ts';
import { teacherLabels } from '../../distill/sets.ts';
import type { PretrainedEncoder } from '../../models/encoders/encoder.ts';
import { openEncoder } from '../../models/encoders/open-encoder.ts';
import { bitsIn } from '../../models/encoders/planned.ts';
import type { StudentDescription } from '../../models/student-description.ts';
import type { ShardItem } from '../../run/events.ts';
import { type Job, shardItems } from '../../run/job.ts';
import { keys } from '../../run/keys.ts';
import { readShard } from '../../run/objects-file.ts';
import { writeOnce } from '../../store/once.ts';

/**
 * Embeds the examples that are evaluated, as the student in use reads them. Encode has done it if
 * the student has an encoder of the run.
 *
 * @param folder Key of the folder with the student's encoder.
 * @returns why the student cannot be measured; undefined if it can.
 */
export async function embedForCurrent(
  job: Job,
  { features, examples }: StudentDescription,
  folder: string,
): Promise<string | undefined> {
  const digest = encoderIn(features);
  if (digest === undefined || encodersOf(job).includes(digest)) return undefined;
  const { results, plan } = job;
  let encoder: PretrainedEncoder | undefined;
  try {
    for (const item of await shardItems(job, plan.evaluatedOn)) {
      const key = keys.embeddings(digest, item.id);
      if (!(await results.head(key))) {
        encoder ??= await openEncoder(results, folder);
        const shard = await readShard(job, item);
        // The features of this run may cut texts at another length.
        const as = { key, features: examples ?? plan.features, bits: bitsIn(digest) };
        const { bytes } = await embedShard(job, shard, encoder, as, () => {});
        await writeOnce(results, key, bytes);
      }
      const lost = await firstLost(job, item, key);
      if (lost) return `it cannot embed the example '${lost.id}': ${lost.reason}`;
    }
  } finally {
    encoder?.dispose();
  }
  return undefined;
}

/** Returns the first example that has a label and no embedding. */
async function firstLost(job: Job, { id }: ShardItem, key: string) {
  const { summary } = await openEmbeddings(job.results, key);
  const { quarantined } = await readUsableSummary(job, id, teacherLabels(job)(id));
  const known = new Set(quarantined.map((rejected) => rejected.id));
  return summary.quarantined.find((rejected) => !known.has(rejected.id));
}
