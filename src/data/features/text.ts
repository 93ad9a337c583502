import { z } from 'zod';
import type { Example, Rejected } from '../example.ts';
import { classesSchema, type Encoder, type Kind, multiLabelSchema, wrongKind } from './kind.ts';
import { previewText } from './preview.ts';
import { contentOfText, readTextCells, writeTextCells, writtenText } from './text-cells.ts';
import { fitTexts } from './text-fit.ts';
import { looksLikeTexts } from './text-look.ts';
import { normalizeText } from './text-normalize.ts';

/** Maximum value of `maxCharacters`. */
const maxCharactersLimit = 1_000_000;

const taskSchema = z.strictObject({
  type: z.literal('text-classification'),
  classes: classesSchema,
  multiLabel: multiLabelSchema,
  text: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .default('text')
    .describe(
      'Column of the text, or a list of columns, whose texts are joined by a space (Parquet, CSV, JSONL).',
    ),
  maxCharacters: z
    .int()
    .min(1)
    .max(maxCharactersLimit)
    .default(10_000)
    .describe('Maximum length of a text in Unicode characters; longer texts are cut.'),
});

/** Texts, normalized and cut. A decoded example is its text in UTF-8, so its length varies. */
const featuresSchema = z.strictObject({
  kind: z.literal('text'),
  maxCharacters: z.number().int().positive().max(maxCharactersLimit),
});
type TextFeatures = z.infer<typeof featuresSchema>;

/** Texts in any language. */
export const textKind: Kind<'text', typeof taskSchema, typeof featuresSchema> = {
  name: 'text',
  task: 'text-classification',
  taskSchema,
  featuresSchema,
  bytesPerNumber: 1,
  isScaled: true,
  cells: {
    field: 'task.text',
    advice: 'For texts, write one text per row into a column of its own.',
    names: ({ text: columns }) => (typeof columns === 'string' ? [columns] : columns),
    read: readTextCells,
    write: (content, columns) => writeTextCells(writtenText(content), columns),
    recognizes: ({ values }) => looksLikeTexts(values),
  },
  shape: () => [],
  estimatedBytes: ({ maxCharacters }) => Math.min(maxCharacters, usualBytes),
  async fit({ maxCharacters }, _, examples, report) {
    const features: TextFeatures = { kind: 'text', maxCharacters };
    await fitTexts(maxCharacters, createTextEncoder(features), examples, report);
    return features;
  },
  createEncoder: createTextEncoder,
  taskOf: ({ maxCharacters }, columns) => ({
    maxCharacters,
    ...(columns && { text: [...columns] }),
  }),
  sameness: 'values',
  createIdentity:
    ({ maxCharacters }) =>
    (content) =>
      normalizeText(writtenText(content), maxCharacters).text,
  preview: previewText,
  encodedBytes: (content) => 2 * writtenText(content).length,
  surveyTask: () => ({ add: async () => {}, fields: () => ({}) }),
};

/** Size of a usual text, such as a review or an e-mail. */
const usualBytes = 1_000;

/** Upper bound on a text before it is normalized, in UTF-16 code units. */
const maxWritten = 2 ** 24;

function createTextEncoder({ maxCharacters }: TextFeatures): Encoder {
  return { decode: async (example) => decodeText(example, maxCharacters) };
}

function decodeText(example: Example, maxCharacters: number): Uint8Array | Rejected {
  const { id, content } = example;
  if (content.kind !== 'text') return wrongKind(example, 'a text');
  const { length } = content.text;
  if (length > maxWritten) {
    return { id, reason: `Its text has ${length} characters; at most ${maxWritten} are read.` };
  }
  const usable = contentOfText(content.text);
  if (typeof usable === 'string') return { id, reason: usable };
  return Buffer.from(normalizeText(content.text, maxCharacters).text);
}
