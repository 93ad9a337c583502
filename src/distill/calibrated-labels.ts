import {
  createLabelsWriter,
  readLabelBatches,
  readLabelsSummary,
} from '../data/tables/labels-file.ts';
import { type Calibration, calibrate } from '../debias/calibration.ts';
import { margins, predictions } from '../debias/margin.ts';
import type { ObjectStore } from '../store/store.ts';

/**
 * Calibrates the labels of a shard. The votes of several teachers are left out, because the file
 * has no probabilities of each.
 *
 * @param key Key of the labels before calibration.
 * @param calibrationOf Returns the calibration of an example, by its id.
 * @returns the bytes of a labels file that also has the probabilities before calibration.
 */
export async function calibrateLabels(
  store: ObjectStore,
  key: string,
  classes: number,
  calibrationOf: (id: string) => Calibration,
): Promise<Uint8Array> {
  const { quarantined } = await readLabelsSummary(store, key);
  let writer: ReturnType<typeof createLabelsWriter> | undefined;
  for await (const rows of readLabelBatches(store, key)) {
    const embeddingSize = rows[0]!.embedding?.length;
    writer ??= createLabelsWriter(classes, { embeddingSize, isCalibrated: true });
    const rawProbabilities = joined(rows.map(({ probabilities }) => probabilities));
    const probabilities = joined(
      rows.map(({ id, probabilities: raw }) => calibrate(raw, calibrationOf(id))),
    );
    writer.append({
      ids: rows.map(({ id }) => id),
      predictions: predictions(probabilities, classes),
      margins: margins(probabilities, classes),
      probabilities,
      rawProbabilities,
      ...(embeddingSize !== undefined && { embeddings: joined(rows.map((row) => row.embedding!)) }),
    });
  }
  writer ??= createLabelsWriter(classes, { isCalibrated: true });
  return writer.finish(quarantined);
}

function joined(rows: readonly Float32Array[]): Float32Array {
  const width = rows[0]!.length;
  const all = new Float32Array(rows.length * width);
  for (const [index, row] of rows.entries()) all.set(row, index * width);
  return all;
}
