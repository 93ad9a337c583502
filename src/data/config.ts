import { z } from 'zod';
import { namesOf } from '../table.ts';
import { type ColumnsConfig, columnFields } from './columns-config.ts';
import { formatList, formats } from './formats/index.ts';

/** The section `data` of `distill.yaml`. */

export const share = z
  .union([
    z.number().min(0).max(1),
    z
      .string()
      .regex(/^\d+(\.\d+)?%$/, 'expected a share such as 1% or 0.01')
      .transform((text) => Number(text.slice(0, -1)) / 100),
  ])
  .describe('A share, such as 1% or 0.01.');

export const dataSchema = z.strictObject({
  format: z.enum(namesOf(formats)).describe(`${formatList}.`),
  ...columnFields,
  validationShare: share
    .default(0.5)
    .describe(
      'Share of the labeled set that is split off for validation. Used if there is no validation/ folder, and the teacher is user-supplied or folds is 1. 0: every label serves both purposes, for a teacher that was not trained on them.',
    ),
  shardMiB: z.number().positive().default(64).describe('Approximate size of a shard, in MiB.'),
});

export type DataConfig = z.infer<typeof dataSchema>;

/** Config fields that determine the examples of a shard. */
export interface ReadConfig extends ColumnsConfig {
  readonly data: DataConfig;
}
