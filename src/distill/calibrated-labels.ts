import { concatenate } from '../arrays.ts';
import {
  createLabelsWriter,
  readLabelBatches,
  readLabelsSummary,
} from '../data/tables/labels-file.ts';
import { type Calibration, calibrateOutputs } from '../debias/calibration.ts';
import type { Decisions } from '../debias/decisions.ts';
import type { ObjectStore } from '../store/store.ts';

/**
 * Calibrates the labels of a shard. The votes of several teachers are left out, because the file
 * has no probabilities of each.
 *
 * @param from Key of the labels before calibration.
 * @param to Key of the calibrated labels.
 * @param calibrationOf Returns the calibration of an example, by its id.
 * @returns the bytes of a labels file that also has the probabilities before calibration.
 */
export async function calibrateLabels(
  store: ObjectStore,
  { from, to }: { readonly from: string; readonly to: string },
  decisions: Decisions,
  calibrationOf: (id: string) => Calibration,
): Promise<Uint8Array> {
  const { quarantined } = await readLabelsSummary(store, from);
  let writer: ReturnType<typeof createLabelsWriter> | undefined;
  for await (const rows of readLabelBatches(store, from)) {
    const embeddingSize = rows[0]!.embedding?.length;
    writer ??= createLabelsWriter(to, decisions, { embeddingSize, isCalibrated: true });
    const rawProbabilities = concatenate(rows.map(({ probabilities }) => probabilities));
    const probabilities = concatenate(
      rows.map(({ id, probabilities: raw }) => calibrateOutputs(raw, calibrationOf(id), decisions)),
    );
    writer.append({
      ids: rows.map(({ id }) => id),
      probabilities,
      rawProbabilities,
      ...(embeddingSize !== undefined && {
        embeddings: concatenate(rows.map((row) => row.embedding!)),
      }),
    });
  }
  writer ??= createLabelsWriter(to, decisions, { isCalibrated: true });
  return writer.finish(quarantined);
}
