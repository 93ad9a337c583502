import type { Network } from './index.ts';

/** Training that a network gets on true labels alone, however few they are. */
const leastSteps = 1000;
const mostEpochs = 200;
const smallBatch = 32;

/**
 * Adapts the training of a network to few examples: smaller batches, and more epochs until there
 * are about 1,000 steps. On many examples the settings stay as they are.
 *
 * @example
 * // 60 examples: 200 epochs, batches of 32. 5,000: the epochs given, batches of 50.
 * forFewLabels({ ...network, epochs: 30, batchSize: 128 }, 60);
 */
export function forFewLabels<Fields extends Pick<Network, 'epochs' | 'batchSize'>>(
  network: Fields,
  examples: number,
): Fields {
  const batchSize = Math.min(network.batchSize, Math.max(smallBatch, Math.ceil(examples / 100)));
  const wanted = Math.ceil(leastSteps / Math.max(1, Math.ceil(examples / batchSize)));
  const epochs = Math.max(network.epochs, Math.min(mostEpochs, wanted));
  return { ...network, batchSize, epochs };
}
