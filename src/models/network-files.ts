/** The user's files of networks: topologies and weights, pinned by the plan. */
import { z } from 'zod';
import { sha256 } from '../digest.ts';
import { UserError } from '../errors.ts';
import { readBytes } from '../store/once.ts';
import type { ObjectStore } from '../store/store.ts';
import { architectureOf, type NetworkConfig } from './networks/index.ts';

export const networkFileSchema = z.strictObject({
  /** Key in the dataset. */
  path: z.string(),
  sha256: z.string(),
});
/** A file of a network, as it was when the run was planned. */
export type NetworkFile = z.infer<typeof networkFileSchema>;

/**
 * Pins the user's files of a network.
 *
 * @returns one per file; empty for a built-in architecture.
 * @throws UserError if a file is missing, or is not what the architecture expects.
 */
export async function pinNetworkFiles(
  data: ObjectStore,
  network: NetworkConfig,
): Promise<NetworkFile[]> {
  const { files } = architectureOf(network);
  const readFile = (key: string) => readBytes(data, key);
  const paths = (await files?.(network, readFile)) ?? [];
  return Promise.all(
    paths.map(async (path) => ({ path, sha256: sha256(await readBytes(data, path)) })),
  );
}

/**
 * Returns a function that reads the pinned files.
 *
 * @throws UserError, from the function, if the file is missing, or differs from the pinned file.
 */
export function readPinned(
  data: ObjectStore,
  pinned: readonly NetworkFile[],
): (path: string) => Promise<Uint8Array> {
  return async (path) => {
    const bytes = await readBytes(data, path);
    const file = pinned.find((one) => one.path === path);
    if (file?.sha256 === sha256(bytes)) return bytes;
    throw new UserError(
      `'${path}' has changed since the run was planned.`,
      'Put the former file back, or start a new run.',
    );
  };
}
