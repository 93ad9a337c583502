/** Weights in the format safetensors. */
import type { Random } from '../../../src/data/random.ts';
import { floatsOf, floatTypes, parseSafetensors } from '../../../src/models/safetensors.ts';
import { mutateJsonAlike } from '../json.ts';
import { mutateBytes } from '../mutate.ts';
import type { FuzzedReader } from '../reader.ts';

export const safetensors: FuzzedReader = {
  name: 'safetensors',
  samples: ['test/fuzz/corpus/safetensors'],
  mutate: (bytes, random, other) =>
    random() < 0.3 ? mutateBytes(bytes, random, other) : mutateHeader(bytes, random, other),
  async read(bytes) {
    const { metadata, tensors } = parseSafetensors(bytes, 'weights.safetensors');
    JSON.stringify(metadata);
    for (const tensor of tensors.values()) if (floatTypes.includes(tensor.dtype)) floatsOf(tensor);
  },
};

/** Changes the JSON, and states its new length. */
function mutateHeader(bytes: Buffer, random: Random, other: Buffer): Buffer {
  const header = mutateJsonAlike(headerOf(bytes), random, headerOf(other));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, bytes.subarray(8 + headerOf(bytes).length)]);
}

function headerOf(bytes: Buffer): Buffer {
  return bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE()));
}
