/**
 * Reads the examples of a shard, one at a time, in any format. Objects are read at the version that
 * Plan pinned, so a shard gives the same examples every time.
 */
import { UserError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';
import type { ReadConfig } from './config.ts';
import { type Example, isRejected, type Rejected } from './example.ts';
import { kindOfTask, kinds } from './features/index.ts';
import { formats } from './formats/index.ts';
import { hashToUnit } from './random.ts';
import { isLabeled, type Shard } from './shard.ts';

/**
 * Yields the examples of a shard in order, and between them the rejected ones, with the reason.
 * Leaves out the labels of unlabeled data. For a part of a shard, yields only the part.
 *
 * @throws UserError if the format cannot hold examples of the task, or a column is missing.
 */
export async function* readExamples(
  store: ObjectStore,
  shard: Shard,
  config: ReadConfig,
): AsyncGenerator<Example | Rejected> {
  const format = formats[config.data.format];
  if (!format.kinds.includes(kindOfTask(config.task).name)) {
    throw new UserError(
      `data.format ${format.name} cannot hold the examples of task.type ${config.task.type}.`,
      `With ${format.name}, task.type is ${format.kinds.map((kind) => kinds[kind].task).join(' or ')}.`,
    );
  }
  const { read } = await format.load();
  const ids = new Set<string>();
  for await (const item of read(store, shard, config)) {
    if (shard.part !== undefined && !isInPart(item.id, shard.part)) continue;
    if (isRejected(item)) yield item;
    else if (ids.has(item.id)) yield { id: item.id, reason: duplicateReason(item.id) };
    else {
      ids.add(item.id);
      yield isLabeled(shard.set) ? item : { ...item, label: undefined };
    }
  }
}

function isInPart(id: string, part: NonNullable<Shard['part']>): boolean {
  const position = hashToUnit(id, part.seed);
  return part.from <= position && position < part.to;
}

function duplicateReason(id: string): string {
  return `The id '${id}' appears twice in the shard; only the first example with it is used.`;
}
