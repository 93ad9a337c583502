/** Checks that the stored answers of a teacher belong to the examples of the run, each to one. */
import { composeText } from '../../data/compose-text.ts';
import { isRejected } from '../../data/example.ts';
import { formats } from '../../data/formats/index.ts';
import { keyInSet, setOf } from '../../data/layout.ts';
import { readLabelsOnly } from '../../data/read.ts';
import { isLabeled, type SetName, setNames } from '../../data/shard.ts';
import { UserError } from '../../errors.ts';
import { teacherFiles } from '../../models/teacher-files.ts';
import type { Context } from '../../run/context.ts';
import type { ShardItem } from '../../run/events.ts';
import { readShard } from '../../run/objects-file.ts';
import type { RunToPlan } from './run-to-plan.ts';

/** An example, as answers are looked up: by its id, and by the folder of its set. */
interface Asked {
  readonly id: string;
  readonly folder: SetName;
}

/**
 * Checks a teacher whose answers are stored: each id is of one example, and the labeled sets have
 * answers. Does nothing for other teachers. Memory holds the ids of the labeled sets.
 *
 * @throws UserError if two examples share an id that answers are looked up by, or if more examples
 *   of a labeled set than `limits.quarantine` have no answer.
 */
export async function checkAnswers(
  run: RunToPlan,
  items: readonly ShardItem[],
  context: Context,
): Promise<void> {
  const { config, data } = run;
  if (config.teacher.train) return;
  const { kind, ...source } = await teacherFiles(data, config.teacher);
  if (kind.answered === undefined) return;
  const ids = new LabeledIds();
  for await (const asked of examplesOf(run, items, isLabeled, context)) ids.add(asked);
  let answers = 0;
  let bySet = false;
  for await (const { id, set } of kind.answered({ ...source, store: data })) {
    context.signal.throwIfAborted();
    bySet = set !== undefined;
    answers++;
    ids.answer(id, set);
  }
  ids.requireAnswers(source.name, config.limits.quarantine);
  if (!bySet) ids.requireUnique(source.name);
  if (!formats[config.data.format].idsFromKeys) {
    let examples = ids.size;
    for await (const { id } of examplesOf(run, items, (set) => !isLabeled(set), context)) {
      if (!bySet) ids.requireNew({ id, folder: 'unlabeled' }, source.name);
      examples++;
    }
    requireOneEach(examples, answers, source.name, config.limits.quarantine);
  } else if (!bySet) await requireOtherKeys(run, items, source.name);
}

async function* examplesOf(
  { config, data, results, run }: RunToPlan,
  items: readonly ShardItem[],
  includes: (set: SetName) => boolean,
  context: Context,
): AsyncGenerator<Asked> {
  for (const item of items.filter(({ set }) => includes(set))) {
    const shard = await readShard({ results, run }, item);
    // A validation set that is split off has its files in labeled/.
    const folder = setOf(shard.pieces[0]!.key) ?? shard.set;
    for await (const example of readLabelsOnly(data, shard, config)) {
      context.signal.throwIfAborted();
      if (!isRejected(example)) yield { id: composeText(example.id), folder };
    }
  }
}

/** The ids of the labeled sets, and which of them have an answer. */
class LabeledIds {
  /** Folders of the examples with an id. */
  readonly #folders = new Map<string, SetName[]>();
  readonly #unanswered = new Map<SetName, Set<string>>();
  readonly #counts = new Map<SetName, number>();

  get size(): number {
    return [...this.#counts.values()].reduce((total, count) => total + count, 0);
  }

  /** @throws UserError if the folder has an example with the id. */
  add({ id, folder }: Asked): void {
    const folders = this.#folders.get(id) ?? [];
    if (folders.includes(folder)) throw sharedId(id, `two examples of ${folder}/`, uniqueHint);
    this.#folders.set(id, [...folders, folder]);
    this.#counts.set(folder, (this.#counts.get(folder) ?? 0) + 1);
    const unanswered = this.#unanswered.get(folder) ?? new Set();
    this.#unanswered.set(folder, unanswered.add(id));
  }

  /** @param set Undefined if answers are looked up by the id alone. */
  answer(id: string, set: SetName | undefined): void {
    for (const folder of set === undefined ? setNames : [set]) {
      this.#unanswered.get(folder)?.delete(id);
    }
  }

  requireUnique(teacher: string): void {
    for (const [id, [first, second]] of this.#folders) {
      if (second === undefined) continue;
      throw sharedId(id, `an example of ${first}/ and one of ${second}/`, setHint(teacher));
    }
  }

  requireNew({ id, folder }: Asked, teacher: string): void {
    const [other] = this.#folders.get(id) ?? [];
    if (other === undefined) return;
    throw sharedId(id, `an example of ${other}/ and one of ${folder}/`, setHint(teacher));
  }

  requireAnswers(teacher: string, limit: number): void {
    for (const [folder, unanswered] of this.#unanswered) {
      const all = this.#counts.get(folder) ?? 0;
      if (unanswered.size <= limit * all) continue;
      const [example] = unanswered;
      throw new UserError(
        `${unanswered.size} of ${all} examples of ${folder}/ have no answer among ${teacher}, such as '${example}'`,
        `${folder}/ needs predictions too: they measure the teacher. Add a row per example, with its id as it is here.`,
      );
    }
  }
}

/** Checks formats whose ids start with the key of the file: no file is read. */
async function requireOtherKeys(
  { results, run }: RunToPlan,
  items: readonly ShardItem[],
  teacher: string,
): Promise<void> {
  const keys = new Map<string, string>();
  for (const item of items) {
    const { pieces } = await readShard({ results, run }, item);
    for (const { key } of pieces) {
      const other = keys.get(keyInSet(key));
      if (other !== undefined && setOf(other) !== setOf(key)) {
        throw sharedId(keyInSet(key), `examples of '${other}' and of '${key}'`, setHint(teacher));
      }
      if (isLabeled(item.set)) keys.set(keyInSet(key), key);
    }
  }
}

/** Checks that there are not more examples than answers: then some would share one. */
function requireOneEach(examples: number, answers: number, teacher: string, limit: number): void {
  if (examples - answers <= limit * examples) return;
  throw new UserError(
    `the data has ${examples} examples, and there are ${answers} answers among ${teacher}`,
    'Write one row per example. Ids must not start again in each file of a set.',
  );
}

const uniqueHint = 'Give every example an id of its own, or remove the column of ids.';

function setHint(teacher: string): string {
  return `Add a column "set" to ${teacher}: labeled, validation, test or unlabeled. Or give every example an id of its own.`;
}

function sharedId(id: string, owners: string, hint: string): UserError {
  return new UserError(`the id '${id}' is of ${owners}: its answer would be used for both`, hint);
}
