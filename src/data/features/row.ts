import { z } from 'zod';
import { classesSchema, copyDecoded, type Kind, multiLabelSchema } from './kind.ts';
import { previewRow } from './preview.ts';
import { rowEncoder } from './row-encode.ts';
import { rowFeaturesSchema, rowLength } from './row-features.ts';
import { fitRows, surveyTable } from './row-fit.ts';
import { rowIdentity } from './row-identity.ts';

const taskSchema = z.strictObject({
  type: z.literal('tabular-classification'),
  classes: classesSchema,
  multiLabel: multiLabelSchema,
  target: z.string().default('label').describe('The column that holds the class.'),
  numeric: z
    .array(z.string())
    .optional()
    .describe('Numeric columns. Default: found in the labeled set.'),
  categorical: z
    .array(z.string())
    .optional()
    .describe('Categorical columns. Default: found in the labeled set.'),
});

/** Rows of a table, with numeric and categorical columns. */
export const row: Kind<'row', typeof taskSchema, typeof rowFeaturesSchema> = {
  name: 'row',
  task: 'tabular-classification',
  taskSchema,
  featuresSchema: rowFeaturesSchema,
  bytesPerNumber: 4,
  isScaled: true,
  shape: (features) => [rowLength(features)],
  fit: fitRows,
  createEncoder(features) {
    const encode = rowEncoder(features);
    return { decode: async (example) => encode(example), normalize: copyDecoded };
  },
  taskOf: ({ columns }) => ({
    numeric: columns.filter(({ kind }) => kind === 'numeric').map(({ name }) => name),
    categorical: columns.filter(({ kind }) => kind === 'categorical').map(({ name }) => name),
  }),
  sameness: 'values',
  createIdentity: rowIdentity,
  preview: previewRow,
  encodedBytes: () => 0,
  surveyTask(target, data = { missing: [] }) {
    const survey = surveyTable(data);
    return {
      add: async (content) => survey.add(content),
      fields: () => ({ target }),
      columns: () => survey.choose({ type: 'tabular-classification', target }),
    };
  },
};
