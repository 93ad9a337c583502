/** Reads the file that `make-training.py` writes. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const numbers = z.array(z.number());
const named = z.record(z.string(), numbers);
const steps = z.array(z.object({ loss: z.number(), values: named }));

const schema = z.object({
  learningRate: z.number(),
  weightDecay: z.number(),
  momentum: z.number(),
  start: named,
  batch: z.object({ features: numbers, targets: numbers, weights: numbers, alphas: numbers, classMeans: numbers }),
  topK: z.int(),
  strength: z.number(),
  probabilities: numbers,
  losses: z.record(
    z.enum(['crossEntropy', 'mse', 'slam', 'mcmi']),
    z.object({ loss: z.number(), gradients: named }),
  ),
  adam: steps,
  sgd: steps,
});

export const goldenTraining = schema.parse(
  JSON.parse(readFileSync(new URL('./training.json', import.meta.url), 'utf8')),
);
