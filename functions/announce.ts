import { z } from 'zod';
import { announceEnd } from '../src/aws/announce.ts';
import { executionEnd } from '../src/aws/announcements.ts';
import { recordEnd } from '../src/aws/record-end.ts';
import { entry, type Handler } from '../src/stages/entry.ts';
import { functionHint, readEnvironment } from './environment.ts';

/** Parts of EventBridge's event for an execution that ended. */
const executionEnded = z.object({ detail: executionEnd });

const environment = z.object({ RESULTS: z.string().min(1), STATE_MACHINE: z.string().min(1) });

/**
 * Makes the handler of the end of an execution. It runs outside the workflow, so that its failure
 * fails no run.
 */
export function createAnnounceHandler(): Handler {
  const { RESULTS, STATE_MACHINE } = readEnvironment(environment, functionHint);
  return entry('Announce', executionEnded, async ({ detail }) => {
    await recordEnd(STATE_MACHINE, detail, RESULTS);
    return { announced: await announceEnd(detail, RESULTS) };
  });
}
