import { z } from 'zod';
import { executionEnd } from '../src/aws/announcements.ts';
import { datasetOfRun, runOf } from '../src/aws/executions.ts';
import { readEnd } from '../src/aws/record-end.ts';
import { keepTurn, passTurn, passTurns } from '../src/aws/turn.ts';
import { entry, type Handler } from '../src/stages/entry.ts';
import { functionHint, readEnvironment } from './environment.ts';

/** Parts of EventBridge's event for an execution that began or ended. */
const statusChange = z.object({
  'detail-type': z.literal('Step Functions Execution Status Change'),
  detail: executionEnd
    .pick({ executionArn: true, name: true, redriveCount: true })
    .extend({ status: z.enum(['RUNNING', ...executionEnd.shape.status.options]) }),
});

/** EventBridge's event of the clock. */
const clock = z.object({ 'detail-type': z.literal('Scheduled Event') });

const followed = z.discriminatedUnion('detail-type', [statusChange, clock]);

const environment = z.object({ RESULTS: z.string().min(1), STATE_MACHINE: z.string().min(1) });

/**
 * Makes the handler that passes the turn of a dataset on when its run ends. By the clock, it looks
 * at all datasets: EventBridge may lose the event of an end.
 */
export function createFollowHandler(): Handler {
  const { RESULTS, STATE_MACHINE } = readEnvironment(environment, functionHint);
  return entry('Follow', followed, async (event) => {
    if (event['detail-type'] === 'Scheduled Event') {
      return { started: await passTurns(STATE_MACHINE, RESULTS) };
    }
    const { status, ...execution } = event.detail;
    if (status === 'RUNNING') {
      await keepTurn(STATE_MACHINE, RESULTS, execution.name);
      return { started: [] };
    }
    await readEnd(STATE_MACHINE, execution);
    const run = await passTurn(STATE_MACHINE, RESULTS, datasetOfRun(runOf(execution.name)));
    return { started: run === undefined ? [] : [run] };
  });
}
