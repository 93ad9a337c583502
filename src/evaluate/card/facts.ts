/** The facts of a card, and the part of it that depends on the kind of the examples. */
import type { Config } from '../../config/schema.ts';
import type { Features } from '../../data/features/index.ts';
import type { EncoderDescription } from '../../models/encoders/encoder.ts';
import type { NormalizerTraits } from '../../models/encoders/normalizer-traits.ts';
import type { StudentDescription } from '../../models/student-description.ts';
import type { RunMetrics } from '../run-metrics.ts';

/** The facts of a card. */
export interface CardFacts {
  readonly run: RunMetrics;
  /** Name of the student. */
  readonly student: string;
  readonly config: Config;
  readonly description: StudentDescription;
  /** Absent if the student reads the examples. */
  readonly encoder?: EncoderDescription | undefined;
  /** Changes to texts before the encoder's tokenizer; absent for other students. */
  readonly normalizer?: NormalizerTraits | undefined;
}

/** A program of a card, or why it has none. */
export type CardProgram =
  | { readonly lines: readonly string[]; readonly packages: readonly string[] }
  /** Reason, to follow "because". */
  | { readonly none: string };

/** Use of a student, by the kind of its examples. All code runs in the student's folder. */
export interface StudentUsage {
  /** The preprocessing in words, as items of a list. */
  readonly input: readonly string[];
  /** An example for `loadStudent`, as an expression in TypeScript. */
  readonly example: string;
  /** Modules that the example needs, as lines of TypeScript. */
  readonly imports?: readonly string[];
  /** A program in Python with a function `predict`. */
  readonly python: CardProgram;
  /** A module for browsers that exports a function `predict`. */
  readonly browser: CardProgram;
}

/** Returns the usage of a student. */
export type StudentUsageOf<Kind extends Features['kind']> = (
  features: Extract<Features, { kind: Kind }>,
  facts: CardFacts,
) => StudentUsage;
