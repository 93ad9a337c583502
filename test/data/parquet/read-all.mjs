/** Reads all columns of the first row group of a Parquet file; prints the peak memory, in MiB. */
import path from 'node:path';
import { openParquet } from '../../../dist/src/data/tables/parquet-file.js';
import { openStore } from '../../../dist/src/store/open.js';

const file = process.argv[2] ?? '';
const store = await openStore(path.dirname(file));
const object = await store.head(path.basename(file));
if (object === undefined) throw new Error(`there is no ${file}`);
let reason;
try {
  const { columns, rowGroups, readColumns } = await openParquet(store, object);
  const names = columns.map(({ name }) => name);
  for (const rows of rowGroups.slice(0, 1)) await readColumns(names, rows);
} catch (error) {
  reason = String(error).replace(/^\w+: /, '');
}
console.log(JSON.stringify({ reason, peakMiB: process.resourceUsage().maxRSS / 1024 }));
