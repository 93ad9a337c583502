/**
 * Checkpoints, from which a training resumes. A checkpoint is one object in the safetensors format,
 * which Python can open, too: 8 bytes with the length of a JSON header, the header, then
 * little-endian floats. The header's metadata holds the progress. `checkpoints/LATEST` names the
 * newest checkpoint and the previous one, each with its digest.
 */

import { createHash } from 'node:crypto';
import { z } from 'zod';
import { product } from '../arrays.ts';
import { readBytes, readJson, swapPointer } from '../store/once.ts';
import type { ObjectStore } from '../store/store.ts';
import { timedEpochSchema } from './epoch.ts';
import type { State } from './step.ts';

const progressSchema = z.strictObject({
  /** Index of the current epoch; the number of epochs if all are done. */
  epoch: z.int(),
  /** Finished batches of the current epoch. */
  batch: z.int(),
  /** Finished batches of all epochs. */
  step: z.int(),
  /** Sums over the epoch so far. */
  sums: z.strictObject({
    loss: z.number(),
    examples: z.int(),
    weight: z.number(),
    weighted: z.int(),
    agreed: z.int(),
    seconds: z.number(),
  }),
  history: z.array(timedEpochSchema),
});
export type TrainingProgress = z.infer<typeof progressSchema>;

export interface Checkpoint {
  readonly progress: TrainingProgress;
  readonly tensors: State;
}

const headerSchema = z
  .object({
    __metadata__: z.object({
      configDigest: z.string(),
      progress: z.string().transform((text) => progressSchema.parse(JSON.parse(text))),
    }),
  })
  .catchall(
    z.object({
      dtype: z.literal('F32'),
      shape: z.array(z.int()),
      data_offsets: z.tuple([z.int(), z.int()]),
    }),
  );

/** Encodes a checkpoint; equal checkpoints have equal bytes. */
export function encodeCheckpoint(
  { progress, tensors }: Checkpoint,
  configDigest: string,
): Uint8Array {
  const metadata = { configDigest, progress: JSON.stringify(progress) };
  const entries: [string, unknown][] = [['__metadata__', metadata]];
  let offset = 0;
  for (const [name, { shape, values }] of tensors) {
    const data_offsets = [offset, offset + values.byteLength];
    entries.push([name, { dtype: 'F32', shape, data_offsets }]);
    offset += values.byteLength;
  }
  const json = JSON.stringify(Object.fromEntries(entries));
  // Spaces at the end, so that the floats start at a multiple of eight bytes.
  const header = Buffer.from(json.padEnd(json.length + ((8 - (Buffer.byteLength(json) % 8)) % 8)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const floats = [...tensors.values()].map(({ values }) =>
    Buffer.from(values.buffer, values.byteOffset, values.byteLength),
  );
  return Buffer.concat([length, header, ...floats]);
}

/** Decodes a checkpoint. @throws Error if the bytes are not a whole checkpoint. */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint & { configDigest: string } {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 8 + Number(file.readBigUInt64LE());
  const json: unknown = JSON.parse(file.toString('utf8', 8, start));
  const { __metadata__, ...entries } = headerSchema.parse(json);
  const tensors: State = new Map();
  for (const [name, { shape, data_offsets }] of Object.entries(entries)) {
    const [from, to] = data_offsets.map((offset) => start + offset) as [number, number];
    const size = 4 * product(shape);
    if (to > file.length || to - from !== size) throw new Error(`the tensor '${name}' is cut off`);
    // Copied, because floats have to start at a multiple of four bytes of their buffer.
    const copy = new Uint8Array(file.subarray(from, to));
    tensors.set(name, { shape, values: new Float32Array(copy.buffer) });
  }
  return { ...__metadata__, tensors };
}

const latestSchema = z.strictObject({
  configDigest: z.string(),
  /** Newest first; two at most. */
  checkpoints: z.array(z.strictObject({ name: z.string(), step: z.int(), sha256: z.string() })),
});

export interface Checkpoints {
  /** Loads the newest undamaged checkpoint; undefined if this training has none. */
  load(): Promise<Checkpoint | undefined>;
  /** Writes a checkpoint. LATEST is unchanged if a concurrent task of this training is further. */
  save(checkpoint: Checkpoint): Promise<void>;
}

/**
 * Opens the checkpoints of one training.
 *
 * @param prefix the student's folder, with "/" at its end.
 * @param configDigest digest of all inputs of the training; other checkpoints are ignored.
 */
export function openCheckpoints(
  store: ObjectStore,
  prefix: string,
  configDigest: string,
): Checkpoints {
  const folder = `${prefix}checkpoints/`;
  const latestKey = `${folder}LATEST`;
  /** Digests of damaged checkpoints. */
  const damaged = new Set<string>();

  function usable(latest: z.infer<typeof latestSchema> | undefined) {
    if (latest?.configDigest !== configDigest) return [];
    return latest.checkpoints.filter(({ sha256 }) => !damaged.has(sha256));
  }

  return {
    async load() {
      if (!(await store.head(latestKey))) return undefined;
      for (const { name, sha256 } of usable(await readJson(store, latestKey, latestSchema))) {
        const isThere = await store.head(folder + name);
        const bytes = isThere && (await readBytes(store, folder + name));
        if (bytes && digestOf(bytes) === sha256) return decodeCheckpoint(bytes);
        damaged.add(sha256);
      }
      return undefined;
    },

    async save(checkpoint) {
      const bytes = encodeCheckpoint(checkpoint, configDigest);
      const { step } = checkpoint.progress;
      const sha256 = digestOf(bytes);
      // The digest in the name keeps it apart from the checkpoints of concurrent tasks.
      const name = `${step}-${sha256.slice(0, 16)}.safetensors`;
      await store.write(folder + name, bytes);
      await swapPointer(store, latestKey, latestSchema, (present) => {
        const [newest] = usable(present);
        if (newest && newest.step >= step) return undefined;
        const checkpoints = [{ name, step, sha256 }, ...(newest ? [newest] : [])];
        return { configDigest, checkpoints };
      });
    },
  };
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
