import { image } from '../features/image.ts';
import { row } from '../features/row.ts';
import { textKind } from '../features/text.ts';
import { vector } from '../features/vector.ts';
import type { Format } from './format.ts';

export const parquet: Format<'parquet'> = {
  name: 'parquet',
  description: 'Parquet files',
  extensions: ['parquet'],
  ignoresUnderscored: true,
  // Delta, Hudi and Iceberg.
  versionLog: /(^|\/)(_delta_log|\.hoodie)\/|(^|\/)metadata\/[^/]+\.metadata\.json$/,
  kinds: [image.name, row.name, vector.name, textKind.name],
  // The footer, and one range per column that is needed.
  readGets: 5,
  // The footer, in two requests.
  cutGets: 2,
  isDivisible: true,
  load: async () => (await import('./parquet-files.ts')).parquetFiles,
};
