/** Messages between a process that uses a model and the process that runs it. */
import { z } from 'zod';
import type { ModelSource } from './model-source.ts';
import type { SentTensor } from './shared-file.ts';

export type ToModel =
  /** Has no answer. */
  | { readonly kind: 'prepare'; readonly teacherKind: string }
  | { readonly kind: 'load'; readonly teacherKind: string; readonly source: ModelSource }
  | {
      readonly kind: 'run';
      readonly feeds: readonly SentTensor[];
      readonly outputs: readonly string[];
    };

const port = z.object({
  name: z.string(),
  dtype: z.string(),
  shape: z.array(z.number().or(z.undefined())).readonly().or(z.undefined()),
});

const output = z.object({
  shape: z.array(z.number()).readonly(),
  values: z.custom<Float32Array>((values) => values instanceof Float32Array),
});

/** Answers. The process runs a stranger's model, so that they are checked. */
export const fromModel = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('loaded'),
    inputs: z.array(port).readonly(),
    outputs: z.array(port).readonly(),
    classLabels: z.array(z.string()).readonly().or(z.undefined()),
  }),
  z.object({
    kind: z.literal('outputs'),
    outputs: z.array(output).readonly(),
  }),
  z.object({
    kind: z.literal('error'),
    message: z.string(),
    /** Whether it is a UserError, and its hint. */
    isUserError: z.boolean(),
    hint: z.string().or(z.undefined()),
  }),
]);
export type FromModel = z.infer<typeof fromModel>;
