import { z } from 'zod';
import { entry, type Handler } from '../src/stages/entry.ts';
import { markQuietBatches } from '../src/stages/sweep.ts';
import { functionHint, readEnvironment } from './environment.ts';

const environment = z.object({ DATA_BUCKET: z.string().min(1), SWEEP_MINUTES: z.coerce.number() });

/**
 * Makes the handler that closes the batches that came without a marker, by the clock, if the
 * deployment has a schedule.
 */
export function createSweepHandler(): Handler {
  const { DATA_BUCKET, SWEEP_MINUTES } = readEnvironment(environment, functionHint);
  return entry('Sweep', z.unknown(), async () => ({
    marked: await markQuietBatches(`s3://${DATA_BUCKET}`, SWEEP_MINUTES),
  }));
}
