import type { z } from 'zod';
import { TransientError, UserError } from '../errors.ts';
import type { Context } from '../run/context.ts';

/** A task of the workflow as whoever runs it sees it: JSON in, JSON out. */
export type Handler = (event: unknown, context: Context) => Promise<unknown>;

/**
 * Makes a handler: the event is parsed, the stage called. An error leaves with the stage's name in
 * front and its hint behind, for only its name and message travel on (`stages/record-failure.ts`
 * takes them apart again).
 */
export function entry<Event>(
  stage: string,
  schema: z.ZodType<Event>,
  run: (event: Event, context: Context) => Promise<unknown>,
): Handler {
  return async (event, context) => {
    try {
      return await run(schema.parse(event), context);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const hint = error instanceof UserError && error.hint ? `\n\n${error.hint}` : '';
      error.message = `${stage}: ${error.message}${hint}`;
      throw isDroppedConnection(error) ? new TransientError(error.message) : error;
    }
  };
}

/** Errors of the network that no library in between has named. */
function isDroppedConnection(error: Error): boolean {
  const codes = ['ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'EAI_AGAIN', 'ECONNREFUSED'];
  return 'code' in error && codes.includes(String(error.code));
}
