import { z } from 'zod';
import { featuresSchema } from '../data/features/index.ts';
import { maxClasses } from '../data/features/kind.ts';
import { parseWith } from '../store/once.ts';
import { isSealed, openSealed, parseUnsealed } from '../store/seal.ts';
import { fieldsOf, listOf } from '../wide-schemas.ts';

const name = z.string();

/** Maximum number of columns, of texts that mean "missing", and of files. */
const maxNames = 100_000;

/** Content of `student.json`, which is saved with every model. */
export const studentSchema = z.strictObject({
  /** Names of the classes, or of the labels; each is an index in the list. */
  classes: listOf(name, maxClasses).refine(({ length }) => length >= 2, 'expected two or more'),
  /** Input of the model: features of examples, or embeddings by the encoder in `encoder/`. */
  features: featuresSchema,
  /** Features of the examples that the encoder reads; absent if the model reads the examples. */
  examples: featuresSchema.optional(),
  /** Columns of tables in training; absent in students of earlier versions. */
  table: z
    .strictObject({
      /** Columns of the content; absent if the features name them. */
      columns: listOf(name, maxNames).optional(),
      /** Texts that mean "missing". */
      missing: listOf(name, maxNames),
    })
    .optional(),
  /** Subclasses per class that the model was trained on; absent if it was trained on classes. */
  subclasses: z.int().positive().optional(),
  /** Whether an example may have several labels, or none; absent if it has one class. */
  multiLabel: z.literal(true).optional(),
  /** Architecture, if it is not a network of TensorFlow. */
  network: z.literal('ngrams').optional(),
  /** Formats that the model could not be saved in, with the reason; absent if there are none. */
  notExported: fieldsOf(name, maxNames).optional(),
  /** SHA-256 of the model's other files, in hex, by name; absent in models of earlier versions. */
  files: fieldsOf(name, maxNames).optional(),
  /** Name of the program. */
  createdBy: z.string(),
});
export type StudentDescription = z.infer<typeof studentSchema>;

/**
 * Parses `student.json`. That of version 0.1.0 has no checksum, and no digests of the other files.
 *
 * @param name Name of the file in errors.
 * @throws UserError if it was changed, has lost its checksum, or has another form.
 */
export function parseDescription(bytes: Uint8Array, name: string): StudentDescription {
  const first = isSealed(bytes, name)
    ? undefined
    : firstVersionSchema.safeParse(parseUnsealed(bytes, name)).data;
  // Refuses other descriptions without a checksum.
  return first ?? parseWith(studentSchema, openSealed(bytes, name), name);
}

/** The description of version 0.1.0. */
const firstVersionSchema = studentSchema.omit({ files: true });
