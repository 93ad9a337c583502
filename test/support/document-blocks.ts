import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/**
 * Returns the blocks of code of a language in a document.
 * @param file Path in the repository.
 * @param language The word after the fence; '' for blocks without one.
 */
export function blocksOf(file: string, language: string): string[] {
  const page = readFileSync(join(root, file), 'utf8');
  // All blocks are matched, because the end of one looks like the start of another.
  const blocks = [...page.matchAll(/^```(\w*)\n(.*?)^```/gms)];
  return blocks.filter(([, found]) => found === language).map(([, , text]) => text!);
}
