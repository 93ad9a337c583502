import type { Random } from '../../../src/data/random.ts';
import { readerConfig } from '../../support/reader-config.ts';
import { below, edges, mutateBytes, pick, replaced } from '../mutate.ts';
import { openAnswers } from '../predictions.ts';
import { readFile, unlessRefused } from '../read-set.ts';
import type { FuzzedReader } from '../reader.ts';

const configs = (['row', 'vector', 'image', 'text'] as const).map((task) =>
  readerConfig(task, { format: 'parquet' }),
);

export const parquet: FuzzedReader = {
  name: 'parquet',
  samples: ['test/fuzz/corpus/parquet', 'test/fixtures/data/parquet'],
  mutate: mutateParquet,
  async read(bytes) {
    // One kind of content per input, so that more inputs are read in the same time.
    await readFile(bytes, 'a.parquet', configs[bytes.length % configs.length]!);
    await unlessRefused(() => openAnswers(bytes));
  },
};

/** Changes the footer, whose length is corrected, or the pages, mostly at integers. */
function mutateParquet(bytes: Buffer, random: Random, other: Buffer): Buffer {
  const footer = startOfFooter(bytes);
  if (footer === undefined || random() < 0.2) return mutateBytes(bytes, random, other);
  const [pages, metadata] = [bytes.subarray(0, footer), bytes.subarray(footer, -8)];
  if (random() < 0.5) return withFooter(pages, mutateThrift(metadata, random, other));
  return withFooter(mutatePages(pages, random, other), metadata);
}

function startOfFooter(bytes: Buffer): number | undefined {
  if (bytes.length < 12) return undefined;
  const start = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
  return start >= 4 ? start : undefined;
}

function withFooter(pages: Buffer, footer: Buffer): Buffer {
  const end = Buffer.alloc(8);
  end.writeUInt32LE(footer.length);
  end.write('PAR1', 4, 'latin1');
  return Buffer.concat([pages, footer, end]);
}

/** Puts an integer of any length in place of some bytes, which are often one. */
function mutateThrift(bytes: Buffer, random: Random, other: Buffer): Buffer {
  if (random() < 0.3) return mutateBytes(bytes, random, other);
  let changed = bytes;
  for (let count = 1 + below(random, 2); count > 0; count--) {
    const start = below(random, changed.length);
    let end = start;
    while (changed[end]! >= 0x80) end++;
    changed = replaced(changed, start, end + 1, varint(random));
  }
  return changed;
}

/** Changes pages in place, so that the offsets in the footer stay true. */
function mutatePages(pages: Buffer, random: Random, other: Buffer): Buffer {
  if (random() < 0.2) return mutateBytes(pages, random, other);
  const changed = Buffer.from(pages);
  for (let count = 1 + below(random, 3); count > 0; count--) {
    const bytes = random() < 0.5 ? varint(random) : Buffer.from([below(random, 256)]);
    bytes.copy(changed, below(random, changed.length));
  }
  return changed;
}

function varint(random: Random): Buffer {
  if (random() < 0.02) return Buffer.alloc(1 + below(random, 100_000), 0xff);
  let value = pick(random, edges) * (random() < 0.5 ? 2 : 1) + below(random, 3);
  const bytes: number[] = [];
  do {
    bytes.push((value % 128) + (value >= 128 ? 128 : 0));
    value = Math.floor(value / 128);
  } while (value > 0);
  return Buffer.from(bytes);
}
