import { crc32 } from 'node:zlib';
import { decodeImage } from '../../../src/data/features/image-decode.ts';
import { readImageHeader } from '../../../src/data/features/image-header.ts';
import { kinds } from '../../../src/data/features/index.ts';
import type { Random } from '../../../src/data/random.ts';
import { below, edges, mutateBytes, pick } from '../mutate.ts';
import type { FuzzedReader } from '../reader.ts';

const stretched = kinds.image.featuresSchema.parse({
  kind: 'image',
  ...{ height: 8, width: 8, channels: 3, mean: [0, 0, 0], std: [1, 1, 1] },
});

export const images: FuzzedReader = {
  name: 'images',
  samples: ['test/fixtures/data/pictures'],
  mutate: mutateImage,
  async read(bytes) {
    await readImageHeader(bytes);
    await decodeImage({ id: 'a', label: undefined, content: { kind: 'image', bytes } }, stretched);
  },
};

/** Changes the size that a PNG states, with a true checksum, or any bytes. */
function mutateImage(bytes: Buffer, random: Random, other: Buffer): Buffer {
  const isPng = bytes.length > 33 && bytes.toString('latin1', 12, 16) === 'IHDR';
  if (!isPng || random() < 0.6) return mutateBytes(bytes, random, other);
  const changed = Buffer.from(bytes);
  if (random() < 0.5) changed.writeUInt32BE(pick(random, edges), 16 + 4 * below(random, 2));
  else changed[24 + below(random, 5)] = pick(random, [0, 1, 2, 3, 4, 6, 8, 16]);
  changed.writeUInt32BE(crc32(changed.subarray(12, 29)), 29);
  return changed;
}
