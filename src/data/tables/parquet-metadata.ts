/** Facts that other tools write about columns into the key-value metadata of a Parquet file. */
import { z } from 'zod';
import { tryParseJson } from '../../json.ts';

/** Key-value metadata of a file. */
type KeyValues = ReadonlyMap<string, string>;

/** The datasets library of Hugging Face: the names of a column's classes, by their numbers. */
const huggingFaceSchema = z.object({
  info: z.object({ features: z.record(z.string(), z.unknown()) }),
});
const classLabelSchema = z.object({
  _type: z.literal('ClassLabel'),
  names: z.array(z.string()).min(1),
});
/** A feature of lists, in the forms of several versions of the library. */
const listFeatureSchema = z.union([
  z.object({ _type: z.enum(['Sequence', 'List', 'LargeList']), feature: z.unknown() }),
  z.tuple([z.unknown()]).transform(([feature]) => ({ feature })),
]);

/** Spark: the texts of a column that StringIndexer made, by their numbers. */
const sparkSchema = z.object({ fields: z.array(z.unknown()) });
const sparkFieldSchema = z.object({
  name: z.string(),
  metadata: z.object({ ml_attr: z.object({ vals: z.array(z.string()).min(1) }) }),
});

const pandasSchema = z.object({ index_columns: z.array(z.unknown()) });

/**
 * Returns the names of classes by their numbers, for each column that has numbers of classes, or
 * lists of them.
 */
export function classNamesOf(keyValues: KeyValues): Map<string, readonly string[]> {
  const names = new Map<string, readonly string[]>();
  const spark = sparkSchema.safeParse(
    tryParseJson(keyValues.get('org.apache.spark.sql.parquet.row.metadata') ?? 'null'),
  );
  for (const field of spark.data?.fields ?? []) {
    const { data } = sparkFieldSchema.safeParse(field);
    if (data) names.set(data.name, data.metadata.ml_attr.vals);
  }
  const { data } = huggingFaceSchema.safeParse(
    tryParseJson(keyValues.get('huggingface') ?? 'null'),
  );
  for (const [column, feature] of Object.entries(data?.info.features ?? {})) {
    const item = listFeatureSchema.safeParse(feature).data?.feature ?? feature;
    const label = classLabelSchema.safeParse(item);
    if (label.success) names.set(column, label.data.names);
  }
  return names;
}

/** Returns the columns that are the index of a pandas data frame: names of rows, not features. */
export function indexColumnsOf(keyValues: KeyValues): Set<string> {
  const { data } = pandasSchema.safeParse(tryParseJson(keyValues.get('pandas') ?? 'null'));
  // An index that only counts is an object, and has no column.
  const columns = (data?.index_columns ?? []).filter((column) => typeof column === 'string');
  return new Set(columns);
}
