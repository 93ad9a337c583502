import { join } from 'node:path';
import { decisionsOf } from '../../debias/decisions.ts';
import { UserError } from '../../errors.ts';
import { hashFiles } from '../file-hashes.ts';
import { noWork } from '../size/network-size.ts';
import { folderFiles, folderOf } from './find-files.ts';
import { pathField, type SuppliedKind } from './teacher-kind.ts';

const name = 'predictions' as const;

/** Answers of a teacher that were computed elsewhere, in Parquet files. */
export const predictionsKind = {
  name,
  fields: pathField(
    name,
    'Folder of Parquet files with the columns id and probabilities, and set if ids are unique only in their set.',
  ),
  supplied: true,
  isModel: false,
  noun: 'the predictions in',
  async find(store, key) {
    const files = (await folderFiles(store, key)).filter(({ path }) => path.endsWith('.parquet'));
    if (files.length > 0) return files;
    throw new UserError(
      `teacher.predictions: there is no .parquet file in ${store.location}/${key}/`,
      'Put Parquet files there with the columns id and probabilities (a list of floats).',
    );
  },
  async open({ store, files, config, name, classes, multiLabel, digest, scratch, verify }) {
    const { openPredictions } = await import('./open-predictions.ts');
    const { output, batchSize } = config;
    return openPredictions(store, files, {
      name,
      decisions: decisionsOf({ multiLabel }, classes.length),
      output,
      batchSize,
      path: join(scratch, `predictions-${digest}-${classes.length}`),
      verify: async () => verify(await hashFiles(store, files)),
    });
  },
  async *answered({ store, files }) {
    const { answeredExamples } = await import('./open-predictions.ts');
    yield* answeredExamples(store, files);
  },
  size: () => noWork,
  recognize: async (_, key) => (key.endsWith('.parquet') ? folderOf(key) : undefined),
} as const satisfies SuppliedKind;
