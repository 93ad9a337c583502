/** Reads the file that `make-fine-tuning.py` writes. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const numbers = z.array(z.number());

const schema = z.strictObject({
  steps: z.int(),
  /** Share of the steps. */
  warmup: z.number(),
  learningRate: z.number(),
  /** Learning rate of each step. */
  rates: z.strictObject({ cosine: numbers, constant: numbers }),
  classes: z.int(),
  smoothing: z.number(),
  /** Probabilities of the student: [n, classes]. */
  probabilities: numbers,
  /** Soft labels: [n, classes]. */
  soft: numbers,
  /** True labels: [n]. */
  labels: z.array(z.int()),
  /** Smoothed cross-entropy with soft labels, with their classes, and with true labels: [n]. */
  losses: z.strictObject({ soft: numbers, hard: numbers, true: numbers }),
  points: numbers,
  /** Distribution function of Beta(α, α) at the points, by α. */
  beta: z.record(z.string(), numbers),
});

export const goldenFineTuning = schema.parse(
  JSON.parse(readFileSync(new URL('./fine-tuning.json', import.meta.url), 'utf8')),
);
