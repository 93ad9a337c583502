/**
 * Tables of objects: one row per method, format, teacher kind, architecture, exporter,
 * stage or baseline. The rest of the code reads the rows and never compares names.
 */

/** Rows of a table by their names. */
export type Table<Row extends { readonly name: string }> = {
  readonly [Name in Row['name']]: Extract<Row, { readonly name: Name }>;
};

/**
 * Indexes rows by name.
 *
 * @throws Error if two rows share a name.
 * @example
 * const shapes = tableOf({ name: 'circle', corners: 0 }, { name: 'square', corners: 4 });
 * shapes.square.corners; // 4
 */
export function tableOf<const Rows extends readonly { readonly name: string }[]>(
  ...rows: Rows
): Table<Rows[number]> {
  const table = Object.fromEntries(rows.map((row) => [row.name, row]));
  if (Object.keys(table).length < rows.length) throw new Error('two rows of a table share a name');
  // The type of Object.fromEntries does not contain the names.
  return table as Table<Rows[number]>;
}

/** Returns the names of a table, in its order. */
export function namesOf<Name extends string>(
  table: {
    readonly [N in Name]: unknown;
  },
): readonly [Name, ...Name[]] {
  // The type of Object.keys does not contain the names; no table is empty.
  return Object.keys(table) as [Name, ...Name[]];
}

/**
 * Makes an object with one field per name.
 *
 * @example
 * recordOf(['train', 'test'], (name) => name.length); // { train: 5, test: 4 }
 */
export function recordOf<Name extends string, Value>(
  names: readonly Name[],
  make: (name: Name) => Value,
): Record<Name, Value> {
  const record = Object.fromEntries(names.map((name) => [name, make(name)]));
  // The type of Object.fromEntries does not contain the names.
  return record as Record<Name, Value>;
}
