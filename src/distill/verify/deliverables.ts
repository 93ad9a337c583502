/** Checks the files that a run delivers, whenever it is evaluated, run again or fetched. */
import { UserError } from '../../errors.ts';
import { counted } from '../../format.ts';
import { descriptionFile } from '../../models/exporters.ts';
import type { Job } from '../../run/job.ts';
import { keys } from '../../run/keys.ts';
import type { ObjectStore } from '../../store/store.ts';
import { checkKeys, type Damage } from './check-keys.ts';
import { removals } from './removals.ts';
import { type StatedDigests, statedBy, studentEncoder } from './stated-digests.ts';

/** A run, with the students to check. */
export interface Deliverables extends Pick<Job, 'results' | 'run'> {
  readonly plan: { readonly variants: readonly { readonly name: string }[] };
}

/**
 * Checks the students, in all formats and with their encoders, the report, the metrics, the
 * predictions and the files for labeling. Labels, weights, embeddings and teachers are not read:
 * `verifyRun` checks them, too. Streams files of any size.
 *
 * @throws UserError with every missing or damaged file, and the command that mends them.
 */
export async function requireDeliverables({ results, run, plan }: Deliverables): Promise<void> {
  const folders = plan.variants.map(({ name }) => keys.student(run, name));
  const encoders = await Promise.all(folders.map((folder) => studentEncoder(results, folder)));
  const required = [
    ...[keys.metrics(run), keys.machine(run), keys.predictions(run), keys.documents(run)],
    ...folders.map((folder) => `${folder}${descriptionFile}`),
    ...encoders.flat(),
  ];
  const stated: StatedDigests = new Map();
  for (const key of required) {
    if (!(await results.head(key))) continue;
    for (const [other, digest] of await statedBy(results, key)) stated.set(other, digest);
  }
  const wanted = [...required, ...stated.keys()];
  const { damaged } = await checkKeys(results, run, wanted, stated);
  if (damaged.length > 0) throw damagedFiles(results, run, damaged);
}

function damagedFiles(
  { location }: ObjectStore,
  run: string,
  damaged: readonly Damage[],
): UserError {
  const files = damaged.map(({ key, how }) => `${location}/${key} ${how}`);
  const commands = removals(damaged, location);
  if (location.startsWith('s3://')) commands.push(`counterweight start ${run}`);
  return new UserError(
    `the finished run ${run} has ${counted(damaged.length, 'damaged file')}:\n${files.join('\n')}`,
    'Copy them again; or remove them with what depends on them, and run the workflow again, ' +
      `which writes them again: ${commands.join(' && ')}`,
  );
}
