/** A worker of `npm run simulate`: simulates every n-th seed, since a world fills one thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { simulate } from './simulate.ts';

const { first, last, step } = z
  .object({ first: z.int(), last: z.int(), step: z.int() })
  .parse(workerData);

for (let seed = first; seed <= last; seed += step) parentPort!.postMessage(await simulate(seed));
