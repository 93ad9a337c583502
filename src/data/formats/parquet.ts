import type { Format } from './format.ts';

export const parquet: Format<'parquet'> = {
  name: 'parquet',
  description: 'Parquet files',
  extensions: ['parquet'],
  tasks: ['image-classification', 'tabular-classification', 'vector-classification'],
  // The footer, and one range per column that is needed.
  readGets: 5,
  // The footer, in two requests.
  cutGets: 2,
  isDivisible: true,
  load: async () => (await import('./parquet-files.ts')).parquetFiles,
};
