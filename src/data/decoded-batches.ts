import { readAhead } from './ahead.ts';
import { isRejected, type Rejected } from './example.ts';

/** Options for decoding examples and gathering them into batches. */
export interface BatchDecoding<Item, Decoded> {
  /** Examples per batch; the last batch may have fewer. */
  readonly batchSize: number;
  /** Upper bound on the total `size` of the examples decoded ahead of the consumer. */
  readonly room: number;
  /** Size of one example. Default: 1. */
  readonly size?: ((item: Item) => number) | undefined;
  /** Decodes one example; runs for several at once. */
  decode(item: Item): Promise<Decoded | Rejected>;
}

/**
 * Decodes examples ahead of the consumer and yields them in batches, in their order.
 *
 * @param onRejected Receives the examples that cannot be decoded, in their order.
 * @throws the first error, of the examples or of `decode`. The examples before it that do not fill
 *   a batch are lost.
 */
export async function* decodedBatches<Item, Decoded extends object>(
  items: AsyncIterable<Item>,
  { batchSize, room, size, decode }: BatchDecoding<Item, Decoded>,
  onRejected: (rejected: Rejected) => void = () => {},
): AsyncGenerator<Decoded[]> {
  let batch: Decoded[] = [];
  for await (const decoded of readAhead(items, room, decode, size)) {
    if (isRejected(decoded)) {
      onRejected(decoded);
      continue;
    }
    batch.push(decoded);
    if (batch.length < batchSize) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
