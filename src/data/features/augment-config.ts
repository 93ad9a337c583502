import { z } from 'zod';

/** Random changes to images while training. */
export const augmentSchema = z.strictObject({
  flip: z.boolean().default(false).describe('Mirror left and right at random.'),
  crop: z.int().min(0).default(0).describe('Shift by up to this many pixels at random.'),
});
export type AugmentConfig = z.infer<typeof augmentSchema>;
