import { relative } from 'node:path';
import { asTyped } from './as-typed.ts';

/**
 * Returns lines with the command and the call that use a student.
 *
 * @param folder A path, or s3://bucket/prefix.
 * @param files Files to predict, or a word for them.
 */
export function predictLines(folder: string, files: string): string[] {
  const shown = shellWord(shortest(folder));
  return [
    'Predict files with',
    asTyped(`  counterweight predict ${shown} ${shellWord(files)} --out predictions.csv`),
    'or load the student in TypeScript with',
    `  await loadStudent(${JSON.stringify(folder)})`,
  ];
}

/** Returns a path as it is seen from the working directory, if that is shorter. */
function shortest(path: string): string {
  if (path.startsWith('s3://')) return path;
  const seen = relative('.', path) || '.';
  return seen.startsWith('..') ? path : seen;
}

/** Quotes a word for a shell, if it needs that. */
function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
