/** Reads the file that `make-preprocess.py` writes. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { preprocessSchema } from '../../src/data/features/preprocess-config.ts';

const caseSchema = z.strictObject({
  name: z.string(),
  /** Name in `files`. */
  file: z.string(),
  preprocess: preprocessSchema,
  /** `teacher.size`. */
  size: z.tuple([z.int(), z.int()]).optional(),
  channels: z.union([z.literal(1), z.literal(3)]),
  shape: z.tuple([z.int(), z.int()]),
  /** Difference of one pixel value, per channel. */
  unit: z.array(z.number()),
  /** [...shape, channels] */
  values: z.array(z.number()),
});
export type PreprocessCase = z.infer<typeof caseSchema>;

const fileSchema = z.strictObject({
  /** Encoded images, in base64. */
  files: z.record(z.string(), z.base64()),
  cases: z.array(caseSchema),
});

export function goldenPreprocess() {
  const text = readFileSync(new URL('./preprocess.json', import.meta.url), 'utf8');
  return fileSchema.parse(JSON.parse(text));
}
