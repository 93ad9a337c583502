import { z } from 'zod';
import { startExecution } from '../src/aws/executions.ts';
import { entry } from '../src/stages/entry.ts';
import { startBatch } from '../src/stages/start.ts';

/** Parts of EventBridge's event for an object that arrived. */
const objectCreated = z.object({
  detail: z.object({
    bucket: z.object({ name: z.string() }),
    object: z.object({ key: z.string(), 'version-id': z.string() }),
  }),
});

const environment = z.object({ RESULTS: z.string(), STATE_MACHINE: z.string() });

/** Handles the arrival of a batch's marker. The same event again finds its execution started. */
export const startHandler = entry(
  'Start',
  objectCreated,
  async ({ detail: { bucket, object } }) => {
    const { RESULTS, STATE_MACHINE } = environment.parse(process.env);
    const version = object['version-id'];
    for (const key of possibleKeys(object.key)) {
      const started = await startBatch({ bucket: bucket.name, key, version }, RESULTS);
      if (!started) continue;
      await startExecution(STATE_MACHINE, started);
      return { started: started.run };
    }
    return { started: null };
  },
);

/**
 * Returns the keys that an event may mean. AWS does not document whether the key is URL-encoded.
 * Only the right key has the version.
 */
function possibleKeys(key: string): Set<string> {
  try {
    return new Set([key, decodeURIComponent(key)]);
  } catch {
    return new Set([key]); // A percent sign that encodes nothing.
  }
}
