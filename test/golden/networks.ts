/** Reads the file that `make-networks.py` writes, and makes the same weights and images. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { product } from '../../src/arrays.ts';
import { encodeSafetensors } from '../../src/models/safetensors.ts';

const numbers = z.array(z.number());

/** "name 64x3x7x7" */
const tensor = z.string().transform((text) => {
  const [name = '', sizes = ''] = text.split(' ');
  return { name, shape: sizes.split('x').map(Number) };
});

const network = z.object({
  scale: z.number(),
  tensors: z.array(tensor),
  outputs: z.array(
    z.object({ size: z.tuple([z.int(), z.int()]), /** Row-major, of two images. */ logits: numbers }),
  ),
  /** Names of the same tensors in another library. */
  otherNames: z.array(z.string()).optional(),
});
export type GoldenNetwork = z.infer<typeof network>;

const schema = z.object({
  classes: z.int(),
  networks: z.object({
    resnet18: network,
    resnet50: network,
    mobilenetv2: network,
    tf_efficientnet_lite0: network,
    efficientnet_lite0: network,
  }),
  step: z.object({
    images: z.int(),
    loss: z.number(),
    /** Euclidean norms of gradients, and of the new averages of batch norm. */
    norms: z.record(z.string(), z.number()),
    /** Their first numbers. */
    values: z.record(z.string(), numbers),
  }),
});

export const goldenNetworks = schema.parse(
  JSON.parse(readFileSync(new URL('./networks.json', import.meta.url), 'utf8')),
);

/** Makes numbers in [-1, 1): FNV-1a of the name, then the finalizer of MurmurHash3. */
function uniform(name: string, size: number, finish: (random: number) => number): Float32Array {
  let seed = 0x811c9dc5;
  for (const byte of Buffer.from(name)) seed = Math.imul(seed ^ byte, 0x01000193);
  const values = new Float32Array(size);
  for (let index = 0; index < size; index++) {
    let x = (seed + Math.imul(index, 0x9e3779b9)) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    values[index] = finish(((x ^ (x >>> 16)) >>> 8) / 2 ** 23 - 1);
  }
  return values;
}

function finisher(name: string, shape: readonly number[], scale: number): (random: number) => number {
  if (name.endsWith('running_mean')) return (random) => 0.1 * random;
  if (name.endsWith('running_var')) return (random) => 1 + 0.5 * random;
  if (name.endsWith('bias')) return (random) => 0.2 * random;
  if (shape.length === 1) return (random) => scale + 0.2 * random;
  const width = Math.sqrt(6 / product(shape.slice(1)));
  return (random) => width * random;
}

/** Makes a network's file of weights. @param names Names in the file, instead of its own. */
export function weightsFile({ tensors, scale }: GoldenNetwork, names?: readonly string[]): Buffer {
  const entries = tensors.map(({ name, shape }, index) => {
    const values = uniform(name, product(shape), finisher(name, shape, scale));
    return [names?.[index] ?? name, { shape, values }] as const;
  });
  return Buffer.from(encodeSafetensors(new Map(entries), { format: 'pt' }));
}

/** Makes images, [count, height, width, 3]. */
export function goldenImages(count: number, [height, width]: readonly [number, number]) {
  const name = `images ${height}x${width}`;
  return uniform(name, count * height * width * 3, (random) => 2 * random);
}
