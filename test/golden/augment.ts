/** Reads the file that `make-augment.py` writes. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const image = z.enum(['colour', 'grey']);
const range = z.tuple([z.number(), z.number()]);
const four = z.tuple([z.number(), z.number(), z.number(), z.number()]);
/** Row-major bytes, [height, width, channels]. */
const pixels = z.base64().transform((text) => new Uint8Array(Buffer.from(text, 'base64')));

const schema = z.strictObject({
  images: z.record(
    image,
    z.strictObject({
      height: z.int(),
      width: z.int(),
      channels: z.union([z.literal(1), z.literal(3)]),
      pixels,
      /** Colour of pixels from outside the image. */
      fill: z.array(z.int()),
    }),
  ),
  /** RandAugment's operations. */
  operations: z.array(
    z.strictObject({
      ...{ operation: z.string(), image, magnitude: z.int(), sign: z.int(), amount: z.number() },
      pixels,
    }),
  ),
  jitters: z.array(
    z.strictObject({
      operation: z.enum(['brightness', 'contrast', 'saturation', 'hue']),
      ...{ image, amount: z.number(), pixels },
    }),
  ),
  crops: z.array(
    z.strictObject({
      image,
      part: z.strictObject({ top: z.int(), left: z.int(), height: z.int(), width: z.int() }),
      pixels,
    }),
  ),
  /** Top, left, height and width of random parts. */
  draws: z.array(
    z.strictObject({
      kind: z.enum(['crop', 'erased']),
      ...{ height: z.int(), width: z.int(), scale: range, ratio: range },
      ...{ mean: four, deviation: four },
    }),
  ),
});

export const goldenAugment = schema.parse(
  JSON.parse(readFileSync(new URL('./augment.json', import.meta.url), 'utf8')),
);
