/**
 * Reads a shard: examples in, one at a time, whatever the format. Objects are read at the version
 * that Plan pinned, so a shard gives the same examples every time.
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
 * The examples of a shard in order, and between them the ones that cannot be used, with the reason.
 * Labels of unlabeled data are left out. Where the shard is a part of one, only its examples (and
 * its rejected ones) are given.
 *
 * @throws UserError when the format cannot hold examples of the task, or a column is not there.
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
  const place = hashToUnit(id, part.seed);
  return part.from <= place && place < part.to;
}

function duplicateReason(id: string): string {
  return `The id '${id}' appears twice in the shard; only the first example with it is used.`;
}
