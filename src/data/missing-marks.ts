/**
 * Texts that programs write for a missing value, exactly as they write them. Words that people also
 * write as a text or a class, such as "none", are not among them.
 */
export const missingMarks: ReadonlySet<string> = new Set([
  ...['nan', 'NaN', 'NAN', 'null', 'NULL', '<NA>', '#N/A', '\\N'],
]);
