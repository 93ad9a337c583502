import { disagreement } from '../../data/tables/join.ts';
import { readRawProbabilities } from '../../data/tables/labels-file.ts';
import { readCalibration } from '../../distill/read-calibration.ts';
import { teacherLabels } from '../../distill/sets.ts';
import type { Job } from '../../run/job.ts';

/** The teacher's answers to a shard before calibration. */
export interface RawAnswers {
  /**
   * Reads the answers to some examples: [outputs] each.
   *
   * @param ids in the order of the shard; each call continues after the last one.
   * @throws UserError if an example has no answer.
   */
  take(ids: readonly string[]): Promise<Float32Array[]>;
  close(): Promise<void>;
}

/** Returns whether the answers before calibration differ from those after it. */
export async function changesAnswers(job: Job): Promise<boolean> {
  const calibration = await readCalibration(job);
  return calibration?.penalty !== undefined;
}

/** Opens the answers of a calibrated teacher. Memory holds one row group. */
export function openRawAnswers(job: Job, shard: string): RawAnswers {
  const rows = readRawProbabilities(job.results, teacherLabels(job)(shard));
  const find = async (wanted: string) => {
    for (;;) {
      const { done, value } = await rows.next();
      if (done) throw disagreement(`the example '${wanted}'`, undefined);
      // The student's encoder could not embed the examples between.
      if (value.id === wanted) return value.rawProbabilities;
    }
  };
  return {
    async take(ids) {
      const found: Float32Array[] = [];
      for (const id of ids) found.push(await find(id));
      return found;
    },
    close: async () => void (await rows.return(undefined)),
  };
}
