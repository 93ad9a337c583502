/**
 * Reads the examples of a shard, one at a time, in any format. Objects are read at the version that
 * Plan pinned, so a shard gives the same examples every time.
 */
import { UserError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';
import type { ReadConfig } from './config.ts';
import { type Example, isRejected, type LabelOnly, type Rejected } from './example.ts';
import { kindOfTask, kinds } from './features/index.ts';
import { formats } from './formats/index.ts';
import { missingLabels } from './labels.ts';
import { hashToUnit } from './random.ts';
import { isLabeled, type Shard } from './shard.ts';

/**
 * Yields the examples of a shard in order, and between them the rejected ones, with the reason.
 * Rejects examples of labeled sets that have no label. Leaves out the labels of unlabeled data. For
 * a part of a shard, yields only the part.
 *
 * @throws UserError if the format cannot hold examples of the task, or a column is missing.
 */
export async function* readExamples(
  store: ObjectStore,
  shard: Shard,
  config: ReadConfig,
): AsyncGenerator<Example | Rejected> {
  const { read } = await filesOf(config);
  const items = readOnce(read(store, shard, config), shard);
  yield* isLabeled(shard.set) ? withLabels(items, config) : withoutLabels(items);
}

/**
 * Yields the ids and labels of a shard like `readExamples`, but reads no more than these need, and
 * does not check the content.
 */
export async function* readLabelsOnly(
  store: ObjectStore,
  shard: Shard,
  config: ReadConfig,
): AsyncGenerator<LabelOnly | Rejected> {
  const { read, readLabels = read } = await filesOf(config);
  const items = readOnce(readLabels(store, shard, config), shard);
  yield* isLabeled(shard.set) ? withLabels(items, config) : items;
}

/** Yields the examples of a labeled shard, also those whose label means "no label". */
export async function* readWithAnyLabel(
  store: ObjectStore,
  shard: Shard,
  config: ReadConfig,
): AsyncGenerator<Example | Rejected> {
  const { read } = await filesOf(config);
  yield* readOnce(read(store, shard, config), shard);
}

/** Loads the code of the config's format. */
function filesOf(config: ReadConfig) {
  const format = formats[config.data.format];
  if (!format.kinds.includes(kindOfTask(config.task).name)) {
    throw new UserError(
      `data.format ${format.name} cannot hold the examples of task.type ${config.task.type}.`,
      `With ${format.name}, task.type is ${format.kinds.map((kind) => kinds[kind].task).join(' or ')}.`,
    );
  }
  return format.load();
}

/** Yields the items of the shard's part. Rejects an example whose id was there before. */
async function* readOnce<Item extends LabelOnly>(
  items: AsyncIterable<Item | Rejected>,
  { part }: Shard,
): AsyncGenerator<Item | Rejected> {
  const ids = new Set<string>();
  for await (const item of items) {
    if (part !== undefined && !isInPart(item.id, part)) continue;
    if (isRejected(item)) yield item;
    else if (ids.has(item.id)) yield { id: item.id, reason: duplicateReason(item.id) };
    else {
      ids.add(item.id);
      yield item;
    }
  }
}

async function* withLabels<Item extends LabelOnly>(
  items: AsyncIterable<Item | Rejected>,
  config: ReadConfig,
): AsyncGenerator<Item | Rejected> {
  const missing = missingLabels(config);
  for await (const item of items) {
    const reason = isRejected(item) ? undefined : missing(item.label);
    yield reason === undefined ? item : { id: item.id, reason };
  }
}

async function* withoutLabels(
  items: AsyncIterable<Example | Rejected>,
): AsyncGenerator<Example | Rejected> {
  for await (const item of items) yield isRejected(item) ? item : { ...item, label: undefined };
}

function isInPart(id: string, part: NonNullable<Shard['part']>): boolean {
  const position = hashToUnit(id, part.seed);
  return part.from <= position && position < part.to;
}

function duplicateReason(id: string): string {
  return `The id '${id}' appears twice in the shard; only the first example with it is used.`;
}
