/**
 * Reads the examples of a shard, one at a time, in any format. Objects are read at the version that
 * Plan pinned, so a shard gives the same examples every time.
 */
import { UserError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';
import type { ReadConfig } from './config.ts';
import { type Example, isRejected, type LabelOnly, type Rejected } from './example.ts';
import { kindOfTask, kinds } from './features/index.ts';
import type { FormatFiles } from './formats/format.ts';
import { formats } from './formats/index.ts';
import { missingLabels } from './labels.ts';
import { ListedRejections } from './listed-rejections.ts';
import { hashToUnit } from './random.ts';
import { isLabeled, type Shard } from './shard.ts';

/**
 * Yields the examples of a shard in order, and between them the rejected ones, with the reason.
 * After `maxListedPerShard` rejected ones, further ones are counted by reason. At the end, yields
 * one item per reason, with their number in `lost`. Rejects examples of labeled sets that have no
 * label. Leaves out the labels of unlabeled data. For a part of a shard, yields only the part.
 *
 * @throws UserError if the format cannot hold examples of the task, or a column is missing.
 */
export function readExamples(
  store: ObjectStore,
  shard: Shard,
  config: ReadConfig,
): AsyncGenerator<Example | Rejected> {
  const finish = isLabeled(shard.set) ? requireLabel<Example>(config) : withoutLabel;
  return readOnce(config, shard, ({ read }) => read(store, shard, config), finish);
}

/**
 * Yields the ids and labels of a shard like `readExamples`, but reads no more than these need, and
 * does not check the content.
 */
export function readLabelsOnly(
  store: ObjectStore,
  shard: Shard,
  config: ReadConfig,
): AsyncGenerator<LabelOnly | Rejected> {
  return readOnce<LabelOnly>(
    config,
    shard,
    ({ read, readLabels = read }) => readLabels(store, shard, config),
    isLabeled(shard.set) ? requireLabel<LabelOnly>(config) : unchanged,
  );
}

/** Yields the examples of a labeled shard, also those whose label means "no label". */
export function readWithAnyLabel(
  store: ObjectStore,
  shard: Shard,
  config: ReadConfig,
): AsyncGenerator<Example | Rejected> {
  return readOnce(config, shard, ({ read }) => read(store, shard, config), unchanged);
}

/**
 * Yields the items of the shard's part. Rejects an example whose id is not new. This is a single
 * generator, because each further one would take as long per row as another column.
 *
 * @param open Opens the shard with the code of its format.
 * @param finish Converts every item that is not rejected.
 */
async function* readOnce<Item extends LabelOnly>(
  config: ReadConfig,
  { part }: Shard,
  open: (files: FormatFiles) => AsyncIterable<Item | Rejected>,
  finish: (item: Item) => Item | Rejected,
): AsyncGenerator<Item | Rejected> {
  const ids = new Set<string>();
  const rejections = new ListedRejections();
  const onceOnly = (item: Item): Item | Rejected => {
    if (ids.has(item.id)) return { id: item.id, reason: duplicateReason(item.id) };
    ids.add(item.id);
    return finish(item);
  };
  for await (const item of open(await filesOf(config))) {
    if (part !== undefined && !isInPart(item.id, part)) continue;
    const finished = isRejected(item) ? item : onceOnly(item);
    if (!isRejected(finished) || rejections.add(finished)) yield finished;
  }
  yield* rejections.counted();
}

/** Loads the code of the config's format. */
async function filesOf(config: ReadConfig): Promise<FormatFiles> {
  const format = formats[config.data.format];
  if (!format.kinds.includes(kindOfTask(config.task).name)) {
    throw new UserError(
      `data.format ${format.name} cannot hold the examples of task.type ${config.task.type}.`,
      `With ${format.name}, task.type is ${format.kinds.map((kind) => kinds[kind].task).join(' or ')}.`,
    );
  }
  return format.load();
}

/** Creates a function that rejects an item whose label means "no label". */
function requireLabel<Item extends LabelOnly>(config: ReadConfig): (item: Item) => Item | Rejected {
  const missing = missingLabels(config);
  return (item) => {
    const reason = missing(item.label);
    return reason === undefined ? item : { id: item.id, reason };
  };
}

function withoutLabel(example: Example): Example {
  return { ...example, label: undefined };
}

function unchanged<Item>(item: Item): Item {
  return item;
}

function isInPart(id: string, part: NonNullable<Shard['part']>): boolean {
  const position = hashToUnit(id, part.seed);
  return part.from <= position && position < part.to;
}

function duplicateReason(id: string): string {
  return `The id '${id}' appears twice in the shard; only the first example with it is used.`;
}
