/** Small files with very many values: read in a process of their own, whose memory is measured. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

/** Maximum memory of a process, in MiB: as in `npm run fuzz`. */
const maxMiB = 500;

const resultSchema = z.object({ reason: z.string().optional(), peakMiB: z.number() });

/** Writes equal columns, whose values compress to almost nothing. */
function fileOf(columns: number, column: Omit<ColumnSource, 'name'>): Buffer {
  const bytes = parquetWriteBuffer({
    columnData: Array.from({ length: columns }, (_, index) => ({ name: `c${index}`, ...column })),
    rowGroupSize: 2 ** 23,
    pageSize: 2 ** 30,
    codec: 'GZIP',
    compressors: { GZIP: (page) => new Uint8Array(gzipSync(page)) },
    statistics: false,
  });
  return Buffer.from(bytes);
}

async function read(bytes: Buffer): Promise<z.infer<typeof resultSchema>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'parquet-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = path.join(folder, 'a.parquet');
  await writeFile(file, bytes);
  const program = fileURLToPath(new URL('./read-all.mjs', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program, file]);
  return resultSchema.parse(JSON.parse(stdout));
}

const million = 1_000_000;

test.each<[string, number, () => Omit<ColumnSource, 'name'>]>([
  ['texts', 5, () => ({ type: 'STRING', data: Array<string>(4 * million).fill('good') })],
  [
    'integers, some of them missing',
    2,
    () => ({
      type: 'INT64',
      encoding: 'PLAIN',
      data: Array.from({ length: 2.6 * million }, (_, row) => (row % 1_000 > 0 ? 7n : null)),
    }),
  ],
])('%s of few bytes are read with little memory', async (_, columns, column) => {
  const bytes = fileOf(columns, column());
  expect(bytes.length).toBeLessThan(100_000);
  const { reason, peakMiB } = await read(bytes);
  expect(reason).toBeUndefined();
  expect(peakMiB).toBeLessThan(maxMiB);
});

test('more of them are refused', async () => {
  const data = Array<Uint8Array>(2.7 * million).fill(new Uint8Array(0));
  const bytes = fileOf(1, { type: 'BYTE_ARRAY', encoding: 'PLAIN', data });
  const { reason, peakMiB } = await read(bytes);
  expect(reason).toMatch(
    /^its column 'c0' cannot be read, because the columns of its row group take more than 38[45] MiB/,
  );
  expect(peakMiB).toBeLessThan(maxMiB);
});
