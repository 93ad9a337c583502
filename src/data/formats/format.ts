import type { ObjectStore } from '../../store/store.ts';
import type { ReadConfig } from '../config.ts';
import type { Example, Rejected } from '../example.ts';
import type { Shard } from '../shard.ts';

/** Reads the examples of a shard, in the order of its pieces. */
export type FormatReader = (
  store: ObjectStore,
  shard: Shard,
  config: ReadConfig,
) => AsyncIterable<Example | Rejected>;
