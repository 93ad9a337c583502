import { type Config, methodsWith } from '../../config/schema.ts';
import { createSetMeter, type SetMeter } from '../../cost/set-size.ts';
import { cutShards, type TableFile, withPart } from '../../data/cut.ts';
import { formats } from '../../data/formats/index.ts';
import { batchOf, isComplete, markerOf } from '../../data/layout.ts';
import { emptiedWarnings, type LeftOut, LeftOutFiles } from '../../data/left-out.ts';
import { isLabeled, type SetName, type Shard, setNames } from '../../data/shard.ts';
import { methodNames, methodOf } from '../../debias/methods.ts';
import { UserError } from '../../errors.ts';
import { membersOf } from '../../models/teachers/trained-kind.ts';
import type { ShardItem } from '../../run/events.ts';
import { isCrossFitted } from '../../run/label-use.ts';
import { createObjectsWriter } from '../../run/objects-file.ts';
import type { ObjectStore } from '../../store/store.ts';
import { recordOf } from '../../table.ts';
import type { RunToPlan } from './run-to-plan.ts';

/**
 * Maximum number of shards: Step Functions keeps one short answer per shard, in at most 256 KiB.
 */
export const maxShards = 50_000;

/** The objects of a run, pinned and cut into shards. */
export interface PinnedInputs {
  /** The shards of all sets, in the order of the plan. */
  readonly items: readonly ShardItem[];
  readonly meter: SetMeter;
  /** Warnings: one per batch that is left for a later run. */
  readonly unfinished: readonly string[];
  /** Files that are not data. */
  readonly leftOut: readonly LeftOut[];
  /** Warnings: one per class of images whose files are all left out. */
  readonly emptied: readonly string[];
  /** A file of a table per set and list of columns. */
  readonly tables: readonly TableFile[];
}

/**
 * Pins every object of the dataset, cuts the sets into shards, and writes their objects' files.
 *
 * @throws UserError if a set is empty, or if there are too many shards.
 */
export async function pinInputs(run: RunToPlan): Promise<PinnedInputs> {
  const { config, data } = run;
  const meter = createSetMeter(config.data.format);
  const objects = createObjectsWriter(run.results, run.run);
  const unfinished = new Set<string>();
  const leftOut = recordOf(setNames, (set) => new LeftOutFiles(set));
  const validation = await validationOf(data, config);
  const tables = createTableList();
  for await (const shard of cutSets(run, validation, unfinished, leftOut, tables.add)) {
    meter.add(shard);
    await objects.append(shard);
  }
  const items = await objects.finish();
  return {
    ...{ items, meter, unfinished: [...unfinished] },
    leftOut: setNames.flatMap((set) => leftOut[set].finish()),
    emptied: setNames
      .filter(isLabeled)
      .flatMap((set) => emptiedWarnings(set, leftOut[set].emptied, formats[config.data.format])),
    tables: tables.files(),
  };
}

/** Lists of columns kept per set; in a dataset that can be used, there are few. */
const maxTables = 1_000;

/** Keeps the first file with each list of columns, per set. */
function createTableList() {
  const files = new Map<string, TableFile>();
  const counts = new Map<SetName, number>();
  return {
    add(file: TableFile): void {
      const list = JSON.stringify([file.set, file.columns]);
      const count = counts.get(file.set) ?? 0;
      if (files.has(list) || count === maxTables) return;
      files.set(list, file);
      counts.set(file.set, count + 1);
    },
    files: () => [...files.values()],
  };
}

/** Source of the labels that measure the teacher's errors. */
type ValidationSource = 'validation' | 'split' | 'labeled';

/**
 * Chooses the validation set if there is one and, with cross-fitting, the labeled set. Otherwise
 * chooses a part split off the labeled set or, with a `validationShare` of 0, the whole labeled
 * set.
 *
 * @throws UserError if a method needs such labels, and the teacher was trained on all of them.
 */
async function validationOf(data: ObjectStore, config: Config): Promise<ValidationSource> {
  const { teacher } = config;
  if (await hasShards(data, 'validation', config)) return 'validation';
  if (config.validation === 'held-out') {
    throw new UserError(
      `validation is held-out in distill.yaml, and there are no data files in ${data.location}/validation/`,
      'Put labeled examples there, or remove the field: cross-fitting needs no labels held out.',
    );
  }
  if (isCrossFitted(config)) return 'labeled';
  if (config.data.validationShare > 0) return 'split';
  const isMixed = membersOf(teacher).length > 1;
  const needLabels = isMixed || methodsWith('validation', config).length > 0;
  if (!teacher.train || !needLabels) return 'labeled';
  const others = methodNames.filter((name) => !methodOf(name).needs.includes('validation'));
  throw new UserError(
    "no labels measure the teacher's errors: folds is 1 and data.validationShare is 0 in distill.yaml",
    isMixed
      ? 'Leave folds out: its default is 5. Several teachers in teacher.train need such labels.'
      : `Leave folds out: its default is 5. Only these methods need no such labels: ${others.join(', ')}.`,
  );
}

/**
 * Cuts all sets, one after the other, and splits the validation set off the labeled one if needed.
 * A batch that was not complete when the run was made is left for a later run.
 *
 * @param unfinished Receives a warning for each batch that is left.
 * @param leftOut Receives the files that are not data.
 * @param onFile Receives every file of a table.
 */
async function* cutSets(
  run: RunToPlan,
  validation: ValidationSource,
  unfinished: Set<string>,
  leftOut: Record<SetName, LeftOutFiles>,
  onFile: (file: TableFile) => void,
): AsyncGenerator<Shard> {
  const { config, data, batches } = run;
  let count = 0;
  for (const set of setNames) {
    const countBefore = count;
    for await (const shard of cutShards(data, set, `${set}/`, config, leftOut[set], onFile)) {
      const batch = batchOf(shard.pieces[0]!.key);
      if (set === 'unlabeled' && batches && !isComplete(batch, batches)) {
        unfinished.add(`there was no ${markerOf(batch)}: the batch is left for a later run`);
        continue;
      }
      count++;
      if (count > maxShards) continue; // All are counted, for the message.
      if (set === 'labeled' && validation === 'split') yield* halves(shard, config);
      else yield shard;
    }
    if (count === countBefore) refuseEmpty(set, run, unfinished);
  }
  if (count <= maxShards) return;
  throw new UserError(
    `the dataset makes ${count} shards, and a run takes at most ${maxShards}`,
    `Make shards larger: data.shardMiB is ${config.data.shardMiB} now.`,
  );
}

async function hasShards(data: ObjectStore, set: SetName, config: Config): Promise<boolean> {
  for await (const _ of cutShards(data, set, `${set}/`, config)) return true;
  return false;
}

/** Refuses an empty labeled or unlabeled set; the other sets may be empty. */
function refuseEmpty(
  set: SetName,
  { data, batches }: RunToPlan,
  unfinished: ReadonlySet<string>,
): void {
  const isEmpty = (what: string) =>
    `the ${set} set is empty: no ${what} in ${data.location}/${set}/`;
  if (set === 'labeled') {
    throw new UserError(
      isEmpty('data files'),
      'Put a few hundred examples with their labels there.',
    );
  }
  if (set === 'unlabeled') {
    throw new UserError(
      isEmpty(batches ? 'data files of a batch that has its _SUCCESS' : 'data files'),
      ['Put the files that the teacher should label there.', ...unfinished].join('\n'),
    );
  }
}

/** Cuts a labeled shard in two by a hash of the ids: validation below the share, labeled above. */
function halves(shard: Shard, config: Config): Shard[] {
  const share = config.data.validationShare;
  const seed = config.seed;
  return [
    withPart(shard, { seed, from: share, to: 1 }),
    withPart(shard, { seed, from: 0, to: share }, 'validation'),
  ];
}
