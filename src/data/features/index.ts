/** The kinds of features. To add one, write its row and list it here. */
import { z } from 'zod';
import { product } from '../../arrays.ts';
import { tableOf } from '../../table.ts';
import type { TableColumns } from '../columns.ts';
import type { Content, Example, Rejected } from '../example.ts';
import type { AugmentConfig } from './augment-config.ts';
import type { ColumnsReport } from './column-report.ts';
import { image } from './image.ts';
import type { Augmenter, AugmentRefusal, Encoder, Kind } from './kind.ts';
import { row } from './row.ts';
import { textKind } from './text.ts';
import { vector } from './vector.ts';

export const kinds = tableOf(image, row, vector, textKind);

/** Name of a kind, as in `features.kind`. */
export type KindName = keyof typeof kinds;
type Row = (typeof kinds)[KindName];

/** Names of the config fields for the columns that hold content. */
export type ColumnField = NonNullable<Row['column']>['field'];

// The type of Object.values does not show that the table is not empty.
const rows = Object.values(kinds) as [Row, ...Row[]];

/** The schema of the config section `task`. */
export const taskSchema = z.discriminatedUnion('type', schemasOf('taskSchema'));
export type Task = z.infer<typeof taskSchema>;

/**
 * The schema of features: how an example becomes the numbers that a model reads. Plan fits them
 * once, on the labeled set. They are stored in the plan and with every model, so that a student
 * always reads the same features as in training.
 */
export const featuresSchema = z.discriminatedUnion('kind', schemasOf('featuresSchema'));
export type Features = z.infer<typeof featuresSchema>;

function schemasOf<Field extends 'taskSchema' | 'featuresSchema'>(field: Field) {
  // The type of `map` does not show that the list is not empty.
  return rows.map((kind) => kind[field]) as [Row[Field], ...Row[Field][]];
}

/**
 * A row that was found by the kind of a value. Its methods are typed for values of any kind, and
 * the lookup ensures the right one.
 */
export type AnyKind = Kind<KindName, Row['taskSchema'], Row['featuresSchema'], ColumnField>;

/** Returns the kind of these features, or of this content. */
export function kindOf({ kind }: Features | Content): AnyKind {
  return kinds[kind];
}

/** Returns the kind of features that a task has. */
export function kindOfTask({ type }: Pick<Task, 'type'>): AnyKind {
  // Every task belongs to a kind, because the schema is made from the table.
  return rows.find(({ task }) => task === type)!;
}

/** Returns the shape of one example's features, without the batch dimension. */
export function featureShape(features: Features): number[] {
  return kindOf(features).shape(features);
}

/** Returns whether a penalty on weights treats all features alike: they have one scale. */
export function isScaled(features: Features): boolean {
  return kindOf(features).isScaled || encoderIn(features) !== undefined;
}

/** Returns the features of embeddings. @param encoder Digest of their encoder. */
export function vectorFeatures(length: number, encoder: string): Features {
  return { kind: vector.name, length, encoder };
}

/** Returns the digest of the encoder whose embeddings are the features, if they are embeddings. */
export function encoderIn(features: Features): string | undefined {
  return features.kind === vector.name ? features.encoder : undefined;
}

/** Returns the size of one decoded example, in bytes; an estimate if the sizes differ. */
export function decodedBytes(features: Features): number {
  const kind = kindOf(features);
  return kind.estimatedBytes?.(features) ?? product(featureShape(features)) * kind.bytesPerNumber;
}

/** Returns whether decoded examples differ in size; models then read them as texts. */
export function hasTexts(features: Features): boolean {
  return kindOf(features).estimatedBytes !== undefined;
}

/**
 * Fits features on the labeled set. Leaves out rejected examples and those that cannot be decoded.
 *
 * @param report Receives the description of the columns of a table.
 * @throws UserError if no example is usable, a column that the task names does not exist, or no
 *   column is left.
 */
export function fitFeatures(
  task: Task,
  columns: TableColumns,
  examples: AsyncIterable<Example | Rejected>,
  report?: (columns: ColumnsReport) => void,
): Promise<Features> {
  return kindOfTask(task).fit(task, columns, examples, report);
}

/** Creates the encoder of examples of these features. */
export function createEncoder(features: Features): Encoder {
  return kindOf(features).createEncoder(features);
}

/** Creates the augmenter of examples of these features; only images are changed. */
export function createAugmenter(features: Features, config: AugmentConfig): Augmenter {
  return kindOf(features).createAugmenter?.(features, config) ?? copyingAugmenter(features);
}

/** Returns whether two examples of a task can be mixed: whether they are numbers. */
export function canBeMixed(task: Task): boolean {
  return kindOfTask(task).estimatedBytes === undefined;
}

/**
 * Returns a field of `augment` that has no meaning for a task; undefined if there is none. Only
 * images can be augmented. For other examples, `flip` and `crop` have no effect.
 */
export function refuseAugment(task: Task, config: AugmentConfig): AugmentRefusal | undefined {
  const kind = kindOfTask(task);
  if (kind.createAugmenter) return kind.refuseAugment?.(task, config);
  const section = Object.entries(config).find(([, value]) => typeof value === 'object');
  return section && { path: [section[0]], expected: 'no such section: only images are augmented' };
}

function copyingAugmenter(features: Features): Augmenter {
  const length = product(featureShape(features));
  return {
    isRandom: false,
    write(decoded, start, target, offset) {
      for (let i = 0; i < length; i++) target[offset + i] = decoded[start + i]!;
    },
  };
}
