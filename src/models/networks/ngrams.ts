import { z } from 'zod';
import { textKind } from '../../data/features/text.ts';
import { hasLengthRange, ngramsMaxima, noLengthRange } from '../ngrams/files.ts';
import { createNgrams } from '../ngrams/model.ts';
import { type Architecture, networkFields, trainingFields } from './architecture.ts';

const name = 'ngrams';
const fields = {
  dimension: z.int().min(1).max(ngramsMaxima.dimension).default(16).describe('Numbers per n-gram.'),
  hidden: z
    .int()
    .min(0)
    .max(ngramsMaxima.hidden)
    .default(0)
    .describe('Units of a hidden layer after the mean of the n-grams; 0 for none.'),
  wordNgrams: z
    .int()
    .min(1)
    .max(ngramsMaxima.wordNgrams)
    .default(2)
    .describe('Maximum words of a word n-gram.'),
  minChars: z
    .int()
    .min(0)
    .max(ngramsMaxima.charNgrams)
    .default(3)
    .describe('Minimum characters of an n-gram in a word; 0 with maxChars: 0 for none.'),
  maxChars: z
    .int()
    .min(0)
    .max(ngramsMaxima.charNgrams)
    .default(5)
    .describe('Maximum characters of an n-gram in a word.'),
  buckets: z
    .int()
    .min(1)
    .max(ngramsMaxima.buckets)
    .default(2 ** 20)
    .describe('Number of buckets that n-grams are hashed into.'),
  // The vectors of n-grams learn faster than the weights of a network.
  learningRate: trainingFields.learningRate.default(0.01),
};
const schema = networkFields(name, 'N-grams of words and characters, for texts.', fields)
  .refine(hasLengthRange, noLengthRange)
  .refine(({ mixup = 0 }) => mixup === 0, {
    path: ['mixup'],
    message: 'expected 0: texts cannot be mixed',
  });

type Fields = z.infer<z.ZodObject<typeof fields>>;

/**
 * The mean of the vectors of a text's n-grams, then a linear layer or two, in the manner of
 * fastText. It needs no TensorFlow.
 */
export const ngrams: Architecture<Fields, typeof name, typeof schema> = {
  name,
  schema,
  tasks: [textKind.task],
  size: ({ dimension, hidden }, { classes }) => ({
    macs: dimension * workPerNumber + (dimension + classes) * hidden,
    kernels: 0,
    // Weights of the layers. A step changes few vectors, and `macs` has their time.
    parameters: (dimension + classes) * (hidden || 1),
    outputs: dimension + hidden + classes,
  }),
  async build({ dimension, hidden, wordNgrams, minChars, maxChars, buckets }, problem, seed) {
    const shape = { dimension, hidden, wordNgrams, minChars, maxChars, buckets };
    const { classes, isMultiLabel } = problem;
    return createNgrams(shape, classes, seed, isMultiLabel);
  },
};

/**
 * Multiplications of TensorFlow that take as long as a text of 500 characters takes per number of a
 * vector. Assumed.
 */
const workPerNumber = 100_000;
