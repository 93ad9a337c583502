import { z } from 'zod';
import { startInTurn } from '../src/aws/turn.ts';
import { entry, type Handler } from '../src/stages/entry.ts';
import { startBatch } from '../src/stages/start.ts';
import { functionHint, readEnvironment } from './environment.ts';

/** Parts of EventBridge's event for an object that arrived. */
const objectCreated = z.object({
  detail: z.object({
    bucket: z.object({ name: z.string() }),
    object: z.object({ key: z.string(), 'version-id': z.string() }),
  }),
});

const environment = z.object({ RESULTS: z.string().min(1), STATE_MACHINE: z.string().min(1) });

/**
 * Makes the handler of the arrival of a batch's marker. The same event again finds its execution
 * started. While another run of the dataset runs, the batch waits for its end.
 */
export function createStartHandler(): Handler {
  const { RESULTS, STATE_MACHINE } = readEnvironment(environment, functionHint);
  return entry('Start', objectCreated, async ({ detail: { bucket, object } }) => {
    const version = object['version-id'];
    for (const key of possibleKeys(object.key)) {
      const started = await startBatch({ bucket: bucket.name, key, version }, RESULTS);
      if (!started) continue;
      const busy = await startInTurn(STATE_MACHINE, started);
      return busy ? { started: null, waitsFor: busy.run } : { started: started.run };
    }
    return { started: null };
  });
}

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
