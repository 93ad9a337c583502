import { z } from 'zod';
import type { Bench } from './bench.ts';
import { median } from './row.ts';

const seconds = z.array(z.number()).min(1);
const ours = z.object({ seconds });
const theirs = z.object({ seconds, difference: z.number().max(1e-3) });

/** Encoders of the usual form and size, with random weights. */
const encoders = [
  { kind: 'text', what: 'encoding 500 texts, a transformer of 6 layers of 384 (ONNX)' },
  { kind: 'image', what: 'encoding 500 JPEGs at 128 pixels, a MobileNetV2 (ONNX)' },
];

/** Texts and images to embeddings, in the same batches as Python. */
export const encoding: Bench = async ({ data, scratch, node, python, say }) => {
  await python('encode_data', [data, scratch], z.object({}));
  const rows = [];
  for (const { kind, what } of encoders) {
    say(what);
    const mine = await node('encode', [scratch, kind, '5'], ours);
    const peer = await python('encode', [scratch, kind, '5'], theirs);
    rows.push({
      what,
      against: `Python: ${kind === 'text' ? 'tokenizers' : 'Pillow'}, ONNX Runtime`,
      ...{ ours: median(mine.seconds), theirs: median(peer.seconds), unit: 's' as const },
      atMost: 1.05,
      figures: { ours: mine.seconds, Python: peer.seconds },
    });
  }
  return rows;
};
