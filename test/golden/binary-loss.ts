/** Reads the file that `make-binary-loss.py` writes. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const rows = z.array(z.array(z.number()));
const schema = z.object({
  size: z.int(),
  logits: rows,
  targets: rows,
  weights: rows,
  probabilities: rows,
  loss: z.number(),
  gradients: rows,
});

export const goldenBinaryLoss = schema.parse(
  JSON.parse(readFileSync(new URL('./binary-loss.json', import.meta.url), 'utf8')),
);
