import type { Random } from '../../../src/data/random.ts';
import { readerConfig } from '../../support/reader-config.ts';
import { below, mutateBytes, pick } from '../mutate.ts';
import { readFile } from '../read-set.ts';
import type { FuzzedReader } from '../reader.ts';

const configs = (['image', 'text'] as const).map((task) =>
  readerConfig(task, { format: 'webdataset' }),
);

export const webdataset: FuzzedReader = {
  name: 'webdataset',
  samples: ['test/fixtures/data/webdataset'],
  mutate: mutateTar,
  async read(bytes) {
    for (const config of configs) await readFile(bytes, 'a.tar', config);
  },
};

/** Fields of a header that readers count with, as [offset, length]. */
const fields = [
  [0, 100],
  [124, 12],
  [156, 1],
  [157, 100],
  [257, 8],
  [345, 155],
] as const;

const sizes = ['00000000000', '77777777777', '-0000000001', '00000001000', '0x', '\0', '\x80'];

/** Changes a header, whose checksum is corrected, or any bytes. */
function mutateTar(bytes: Buffer, random: Random, other: Buffer): Buffer {
  const blocks = Math.floor(bytes.length / 512);
  if (blocks === 0 || random() < 0.3) return mutateBytes(bytes, random, other);
  const changed = Buffer.from(bytes);
  const start = 512 * below(random, blocks);
  const [offset, length] = pick(random, fields);
  const value = random() < 0.5 ? pick(random, sizes) : String.fromCharCode(below(random, 256));
  changed.fill(value, start + offset, start + offset + length, 'latin1');
  const header = changed.subarray(start, start + 512);
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return changed;
}
