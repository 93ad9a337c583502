/** Finds rows of a file without quoting that a quote at the start of a text has merged to one. */

/** Delimiters that a sentence may have as often as a row does, so that its lines look like rows. */
const usualInTexts = /^[, :]$/;

/**
 * Returns the number of lines of a record if it has several and each of them looks like a row, with
 * a value for every column. Otherwise returns 0. Without quoting, as in most files with tabs, a
 * quote at the start of a text is a character. Readers of CSV take all up to the next quote that
 * ends a field for one text.
 *
 * @param fields The fields of the record, which has been read as CSV.
 * @param columns Number of columns in the header.
 * @example
 * mergedRows(['So\tno\n"Late', 'yes'], '\t', 2); // 2: "So, no" and "Late, yes"
 * mergedRows(['So it goes.\nLate.', 'yes'], '\t', 2); // 0
 */
export function mergedRows(fields: readonly string[], delimiter: string, columns: number): number {
  if (columns < 2 || usualInTexts.test(delimiter)) return 0;
  if (!fields.some((field) => field.includes('\n') || field.includes('\r'))) return 0;
  const lines = fields.join(delimiter).split(/\r\n|\n|\r/);
  const isRow = (line: string) => {
    const values = line.split(delimiter);
    return values.length === columns && values.every((value) => value.trim() !== '');
  };
  return lines.every(isRow) ? lines.length : 0;
}

/** Returns the reason for the rejection of a row that `mergedRows` recognizes. */
export function mergedReason(row: number, lines: number, delimiter: string): string {
  return `Row ${row} has ${lines} lines that look like rows: it seems that quotes are characters of the texts in this file. Quote the texts: pandas.read_csv(FILE, sep=${JSON.stringify(delimiter)}, quoting=3).to_csv(NEW, index=False).`;
}
