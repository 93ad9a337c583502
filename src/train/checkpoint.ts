/**
 * Checkpoints, from which a training resumes. A checkpoint is one object in the safetensors format,
 * which Python can open, too. Its metadata holds the progress. The pointer `LATEST` names the
 * newest checkpoint and the previous one, each with its digest.
 */

import { createHash } from 'node:crypto';
import { z } from 'zod';
import { encodeSafetensors, floatsOf, parseSafetensors } from '../models/safetensors.ts';
import { readBytes } from '../store/once.ts';
import { readPointer, swapPointer } from '../store/pointer.ts';
import type { ObjectStore } from '../store/store.ts';
import { timedEpochSchema } from './epoch.ts';
import type { State } from './step.ts';

/** Interval between two checkpoints of a training, in seconds. */
export const checkpointSeconds = 60;

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

const metadataSchema = z.object({
  configDigest: z.string(),
  progress: z.string().transform((text) => progressSchema.parse(JSON.parse(text))),
});

/** Encodes a checkpoint; equal checkpoints have equal bytes. */
export function encodeCheckpoint(
  { progress, tensors }: Checkpoint,
  configDigest: string,
): Uint8Array {
  return encodeSafetensors(tensors, { configDigest, progress: JSON.stringify(progress) });
}

/** Decodes a checkpoint. @throws Error if the bytes are not a whole checkpoint. */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint & { configDigest: string } {
  const { metadata, tensors } = parseSafetensors(bytes, 'the checkpoint');
  const state: State = new Map(
    Array.from(tensors, ([name, tensor]) => [
      name,
      { shape: [...tensor.shape], values: floatsOf(tensor) },
    ]),
  );
  return { ...metadataSchema.parse(metadata), tensors: state };
}

const latestSchema = z.strictObject({
  configDigest: z.string(),
  /** Newest first; two at most. */
  checkpoints: z.array(z.strictObject({ name: z.string(), step: z.int(), sha256: z.string() })),
});

/** Stands for a pointer that cannot be read: the training starts again. */
const noCheckpoints: z.infer<typeof latestSchema> = { configDigest: '', checkpoints: [] };

export interface Checkpoints {
  /** Loads the newest undamaged checkpoint; undefined if this training has none. */
  load(): Promise<Checkpoint | undefined>;
  /**
   * Writes a checkpoint, and empties those that LATEST no longer names. LATEST is unchanged if a
   * concurrent task of this training is further.
   */
  save(checkpoint: Checkpoint): Promise<void>;
}

/**
 * Opens the checkpoints of one training.
 *
 * @param folder key prefix of this training's checkpoints, with "/" at its end.
 * @param configDigest digest of all inputs of the training; other checkpoints are ignored.
 */
export function openCheckpoints(
  store: ObjectStore,
  folder: string,
  configDigest: string,
): Checkpoints {
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
      for (const { name, sha256 } of usable(
        await readPointer(store, latestKey, latestSchema, noCheckpoints),
      )) {
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
      let unused: string[] = [];
      await swapPointer(
        store,
        latestKey,
        latestSchema,
        (present) => {
          unused = [];
          const [newest] = usable(present);
          if (newest && newest.step >= step) return undefined;
          const checkpoints = [{ name, step, sha256 }, ...(newest ? [newest] : [])];
          const kept = new Set(checkpoints.map((one) => one.name));
          if (present?.configDigest === configDigest) {
            unused = present.checkpoints.map((one) => one.name).filter((one) => !kept.has(one));
          }
          return { configDigest, checkpoints };
        },
        noCheckpoints,
      );
      // Stores do not delete. One checkpoint per minute would fill a disk: ResNet-50 has 300 MB.
      for (const one of unused) await store.write(folder + one, new Uint8Array());
    },
  };
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
