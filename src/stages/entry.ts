import { z } from 'zod';
import { hintOf, TransientError, UserError } from '../errors.ts';
import { explainMachineLimit } from '../machine-limits.ts';
import type { Context } from '../run/context.ts';

/** Task of the workflow as its caller sees it: JSON in, JSON out. */
export type Handler = (event: unknown, context: Context) => Promise<unknown>;

/**
 * Makes a handler, which parses the event and calls the stage.
 *
 * Step Functions passes on the name and message of an error only. The handler therefore puts the
 * stage in front of the message, and the hint behind it; `run/failure-cause.ts` separates them.
 */
export function entry<Event>(
  stage: string,
  schema: z.ZodType<Event>,
  run: (event: Event, context: Context) => Promise<unknown>,
): Handler {
  return async (event, context) => {
    try {
      return await run(parsed(schema, event), context);
    } catch (thrown) {
      const error = explainMachineLimit(thrown) ?? thrown;
      if (!(error instanceof Error)) throw error;
      const hint = hintOf(error);
      // Not assigned: a DOMException, such as that of an abort, has a message that cannot be set.
      Object.defineProperty(error, 'message', {
        value: `${stage}: ${error.message}${hint === undefined ? '' : `\n\n${hint}`}`,
        configurable: true,
      });
      throw isDroppedConnection(error) ? new TransientError(error.message) : error;
    }
  };
}

function parsed<Event>(schema: z.ZodType<Event>, event: unknown): Event {
  const found = schema.safeParse(event);
  if (found.success) return found.data;
  throw new UserError(
    `its event does not have the expected form:\n${z.prettifyError(found.error)}`,
    'If it is about a shard, the list of shards is damaged: delete shards.json, unlabeled.json and plan.json of the run, and run again.',
  );
}

/** Returns true for a dropped network connection that arrives with its system code. */
function isDroppedConnection(error: Error): boolean {
  const codes = ['ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'EAI_AGAIN', 'ECONNREFUSED'];
  return 'code' in error && codes.includes(String(error.code));
}
