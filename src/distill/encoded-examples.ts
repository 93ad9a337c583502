/** The examples of a shard, joined with their embeddings. */
import { type Example, isRejected, type Rejected } from '../data/example.ts';
import { readExamples } from '../data/read.ts';
import type { Shard } from '../data/shard.ts';
import {
  type EmbeddingsSummary,
  type OpenedEmbeddings,
  openEmbeddings,
} from '../data/tables/embeddings-file.ts';
import { disagreement } from '../data/tables/join.ts';
import { type LabelsSummary, readLabelsSummary } from '../data/tables/labels-file.ts';
import type { Job } from '../run/job.ts';
import { keys } from '../run/keys.ts';

/** Returns the digests of the run's encoders. */
export function encodersOf({ plan }: Pick<Job, 'plan'>): string[] {
  return plan.encoders.map(({ digest }) => digest);
}

/**
 * Reads the examples of a shard, in order, with their embeddings. An example that an encoder could
 * not embed is rejected.
 *
 * @param encoders Digests. Default: those of all encoders of the run.
 * @throws UserError if the embeddings are missing, or are not of these examples.
 */
export async function* readEncoded(
  job: Pick<Job, 'plan' | 'data' | 'results'>,
  shard: Shard,
  encoders: readonly string[] = encodersOf(job),
): AsyncGenerator<Example | Rejected> {
  let examples: AsyncIterable<Example | Rejected> = readExamples(job.data, shard, job.plan.config);
  for (const digest of encoders) {
    const file = await openEmbeddings(job.results, keys.embeddings(digest, shard.id));
    examples = withEmbeddings(examples, digest, file);
  }
  yield* examples;
}

async function* withEmbeddings(
  examples: AsyncIterable<Example | Rejected>,
  digest: string,
  { rows, summary }: OpenedEmbeddings,
): AsyncGenerator<Example | Rejected> {
  const quarantined = new Map(summary.quarantined.map((rejected) => [rejected.id, rejected]));
  const iterator = rows();
  try {
    let next = await iterator.next();
    for await (const example of examples) {
      const embedding = !next.done && next.value.id === example.id && next.value.embedding;
      if (embedding) next = await iterator.next();
      // Another encoder may have rejected it.
      if (isRejected(example)) yield example;
      else if (embedding) {
        yield { ...example, embeddings: new Map(example.embeddings).set(digest, embedding) };
      } else {
        const rejected = quarantined.get(example.id);
        if (rejected) yield rejected;
        else throw disagreement(`the example '${example.id}'`, next.value?.id);
      }
    }
  } finally {
    await iterator.return(undefined);
  }
}

/** Summary of a shard's labels, without those of examples that an encoder rejected. */
export interface UsableSummary extends LabelsSummary {
  /** Ids of the labeled examples that an encoder rejected. */
  readonly withoutEmbedding: ReadonlySet<string>;
  /** Summary of the embeddings by the digest of their encoder, for each encoder of the run. */
  readonly embeddings: ReadonlyMap<string, EmbeddingsSummary>;
}

/**
 * Reads the summary of a shard's labels. Examples that an encoder rejected are quarantined, even if
 * an earlier run without this encoder has labeled them.
 *
 * @param labels Key of the labels file.
 */
export async function readUsableSummary(
  job: Pick<Job, 'plan' | 'results'>,
  shard: string,
  labels: string,
): Promise<UsableSummary> {
  const { labeled, quarantined } = await readLabelsSummary(job.results, labels);
  const known = new Set(quarantined.map(({ id }) => id));
  const withoutEmbedding = new Map<string, Rejected>();
  const embeddings = new Map<string, EmbeddingsSummary>();
  for (const digest of encodersOf(job)) {
    const { summary } = await openEmbeddings(job.results, keys.embeddings(digest, shard));
    embeddings.set(digest, summary);
    for (const rejected of summary.quarantined) {
      if (known.has(rejected.id) || withoutEmbedding.has(rejected.id)) continue;
      withoutEmbedding.set(rejected.id, rejected);
    }
  }
  return {
    labeled: labeled - withoutEmbedding.size,
    quarantined: [...quarantined, ...withoutEmbedding.values()],
    withoutEmbedding: new Set(withoutEmbedding.keys()),
    embeddings,
  };
}
