import { row } from '../features/row.ts';
import { textKind } from '../features/text.ts';
import { vector } from '../features/vector.ts';
import type { Format } from './format.ts';

export const jsonl: Format<'jsonl'> = {
  name: 'jsonl',
  description: 'JSON Lines files, also gzip',
  extensions: ['jsonl', 'jsonl.gz', 'ndjson', 'ndjson.gz'],
  ignoresUnderscored: true,
  kinds: [vector.name, row.name, textKind.name],
  readGets: 1,
  cutGets: 1,
  isDivisible: true,
  startsLike: (start) =>
    (start[0] === 0x1f && start[1] === 0x8b) ||
    /^(\u00ef\u00bb\u00bf)?\s*[[{]/.test(Buffer.from(start.subarray(0, 1024)).toString('latin1')),
  load: async () => (await import('./jsonl-files.ts')).jsonlFiles,
};
