import { z } from 'zod';

/** A column of a table: how it is used, what it holds, and why it is left out. */
export const columnReportSchema = z.strictObject({
  name: z.string(),
  /** `none`: left out; the notes have the reason. */
  use: z.enum(['numeric', 'categorical', 'class', 'id', 'none']),
  /** Rows of the labeled set whose value is missing or cannot be used, and their share. */
  missing: z.int().nonnegative(),
  missingShare: z.number(),
  /** Smallest and largest number of a numeric column. */
  range: z.tuple([z.number(), z.number()]).optional(),
  /** Number of distinct values of any other column that is read. */
  values: z.int().nonnegative().optional(),
  /** Reasons and counts, as parts of a sentence. */
  notes: z.array(z.string()),
});
export type ColumnReport = z.infer<typeof columnReportSchema>;

/** A column of a table that rows cannot have, and why. */
export interface UnreadColumn {
  readonly name: string;
  readonly reason: string;
}

/** Describes a column that is not read. */
export function unreadReport({ name, reason }: UnreadColumn): ColumnReport {
  return { name, use: 'none', missing: 0, missingShare: 0, notes: [reason] };
}

/** Result of choosing the columns of a table. */
export interface ColumnsReport {
  readonly columns: readonly ColumnReport[];
  /** Sentences on what the user should look at. */
  readonly warnings: readonly string[];
}
