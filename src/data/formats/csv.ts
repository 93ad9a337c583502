import { row } from '../features/row.ts';
import { textKind } from '../features/text.ts';
import type { Format } from './format.ts';
import { jsonl } from './jsonl.ts';

export const csv: Format<'csv'> = {
  name: 'csv',
  description: 'CSV files with a header',
  extensions: ['csv'],
  ignoresUnderscored: true,
  kinds: [row.name, textKind.name],
  // The header and the range of the piece.
  readGets: 2,
  cutGets: 0,
  isDivisible: true,
  // Any text, unless it is JSON. Reading reports other files.
  startsLike: (start) => !jsonl.startsLike?.(start),
  load: async () => (await import('./csv-files.ts')).csvFiles,
};
