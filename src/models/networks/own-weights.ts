/** The weights of a user's own network. */
import { posix } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../errors.ts';
import type { tfTypes } from '../../tensorflow.ts';
import { type Manifest, manifestSchema, weightBytes } from '../model-json.ts';
import type { ReadFile } from './architecture.ts';
import { parseJson } from './own-topology.ts';

const withoutWeights =
  'Save it with its weights, as model.save does, or set weights: random to start from its initializers.';

/**
 * Parses the list of weights in a `model.json`.
 *
 * @throws UserError if there are none.
 */
export function parseManifest(text: string, key: string): Manifest {
  const parsed = z
    .looseObject({ weightsManifest: manifestSchema.default([]) })
    .safeParse(parseJson(text, key));
  if (!parsed.success) {
    throw new UserError(
      `'${key}' has a list of weights that cannot be read: ${z.prettifyError(parsed.error)}`,
      withoutWeights,
    );
  }
  const { weightsManifest } = parsed.data;
  if (weightsManifest.every(({ weights }) => weights.length === 0)) {
    throw new UserError(`'${key}' has a topology without weights.`, withoutWeights);
  }
  return weightsManifest;
}

/** Lists the keys of the files with the weights. */
export function weightFiles(manifest: Manifest, key: string): string[] {
  const files = manifest.flatMap(({ paths }) => paths);
  return files.map((file) => posix.join(posix.dirname(key), file));
}

/**
 * Sets a model's weights to those in the files, by their names.
 *
 * @throws UserError if a file is missing, or a weight is missing, has another shape or is not
 *   finite.
 */
export async function loadWeights(
  model: tfTypes.LayersModel,
  manifest: Manifest,
  key: string,
  { readFile }: { readonly readFile: ReadFile },
): Promise<void> {
  const { tf } = await import('../../tensorflow.ts');
  const files = weightFiles(manifest, key);
  const bytes = Buffer.concat(await Promise.all(files.map(readFile)));
  const needed = weightBytes({ weightsManifest: manifest });
  if (needed !== undefined && bytes.length !== needed) {
    throw new UserError(
      `${files.join(', ')} have ${bytes.length} bytes, and '${key}' needs ${needed}.`,
      'Copy the model.json and its weights again, together.',
    );
  }
  const specs = manifest.flatMap(({ weights }) => weights);
  let weights: tfTypes.NamedTensorMap = {};
  try {
    // Zod's types allow undefined where tfjs's do not.
    weights = tf.io.decodeWeights(
      new Uint8Array(bytes).buffer,
      specs as Parameters<typeof tf.io.decodeWeights>[1],
    );
    for (const [name, weight] of Object.entries(weights))
      requireFinite(name, weight.dataSync(), key);
    model.loadWeights(weights);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `the weights of '${key}' do not fit its topology: ${(error as Error).message}`,
      'Save the model again, topology and weights together.',
    );
  } finally {
    tf.dispose(weights);
  }
}

/** @throws UserError with the name of the weight if a value is not finite. */
export function requireFinite(name: string, values: Iterable<number>, key: string): void {
  for (const value of values) {
    if (Number.isFinite(value)) continue;
    throw new UserError(
      `the weight '${name}' of '${key}' has the value ${value}.`,
      'Export the model again, from a training that did not diverge.',
    );
  }
}
