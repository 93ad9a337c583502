import { z } from 'zod';
import { namesOf } from '../table.ts';
import { type ColumnsConfig, columnFields } from './columns-config.ts';
import { formatList, formats } from './formats/index.ts';

/** The sections of `distill.yaml` that say what the examples are and where they lie. */

export const share = z
  .union([
    z.number().min(0).max(1),
    z
      .string()
      .regex(/^\d+(\.\d+)?%$/, 'expected a share such as 1% or 0.01')
      .transform((text) => Number(text.slice(0, -1)) / 100),
  ])
  .describe('A share: 1% or 0.01.');

export const dataSchema = z.strictObject({
  format: z.enum(namesOf(formats)).describe(`${formatList}.`),
  ...columnFields,
  validationShare: share
    .default(0.5)
    .describe(
      'Share of the labeled set kept for validation when there is no validation/ folder and a label cannot serve for both: the teacher is a brought one, or folds is 1. 0: all serve for both, which is right for a teacher that has not learned them.',
    ),
  shardMiB: z.number().positive().default(64).describe('About how much data goes into one shard.'),
});

export type DataConfig = z.infer<typeof dataSchema>;

/** Config fields that decide what a shard's examples are. */
export interface ReadConfig extends ColumnsConfig {
  readonly data: DataConfig;
}
