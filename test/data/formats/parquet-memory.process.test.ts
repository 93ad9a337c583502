// A lack of memory, for which no file is to blame: an error of the task, which rejects no row.
import { expect, test, vi } from 'vitest';
import { datasetOf, readSet } from '../../support/examples.ts';
import { readerConfig } from '../../support/reader-config.ts';

vi.mock(import('../../../src/data/parquet/chunk.ts'), async (load) => ({
  ...(await load()),
  readChunk: () => {
    throw new RangeError('Array buffer allocation failed');
  },
}));

test('a lack of memory rejects no rows of Parquet', async () => {
  const store = await datasetOf({ 'labeled/a.parquet': 'parquet/conventions/hf-stars.parquet' });
  const config = readerConfig('row', { format: 'parquet' }, { target: 'stars' });
  await expect(readSet(store, config)).rejects.toThrow('Array buffer allocation failed');
});
