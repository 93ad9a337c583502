import { keys } from '../../src/run/keys.ts';
import { readManifest } from '../../src/run/objects-file.ts';
import { planSchema } from '../../src/run/plan-file.ts';
import { readBytes, readJson } from '../../src/store/once.ts';
import type { ObjectStore } from '../../src/store/store.ts';
import { tableContent } from '../support/table-content.ts';

/**
 * Reads what a run made: the content of tables per shard, in the order of its manifests, and the
 * bytes of each student in hexadecimal.
 *
 * @param weights Name of the file with a student's weights.
 */
export async function outcome(store: ObjectStore, run: string, weights: string) {
  const plan = await readJson(store, keys.plan(run), planSchema);
  const bodies = async (manifest: string, key: (id: string) => string) => {
    const items = await readManifest(store, manifest);
    return Promise.all(items.map(async ({ id }) => tableContent(await readBytes(store, key(id)))));
  };
  const embeddings = ({ digest }: { digest: string }) =>
    bodies(keys.shards(run), (id) => keys.embeddings(digest, id));
  return {
    embeddings: await Promise.all(plan.encoders.map(embeddings)),
    labels: await bodies(keys.shards(run), (id) => keys.labels(plan.teacher.labels, id)),
    weights: await bodies(keys.unlabeled(run), (id) => keys.weights(run, id)),
    students: await Promise.all(
      plan.variants.map(async ({ name }) => {
        const key = `${keys.student(run, name)}${weights}`;
        return Buffer.from(await readBytes(store, key)).toString('hex');
      }),
    ),
  };
}
