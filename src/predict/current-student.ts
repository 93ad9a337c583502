/** The student in use of a dataset, for a function that answers requests for a long time. */
import { UserError } from '../errors.ts';
import { openPredictor, type Predictor } from '../models/predictor.ts';
import { readCurrent } from '../run/current-file.ts';
import { keys } from '../run/keys.ts';
import { openStore } from '../store/open.ts';
import type { ObjectInfo, ObjectStore } from '../store/store.ts';

/** Minimum interval between two looks at the pointer, in ms. */
const checkIntervalMs = 60_000;

/**
 * Makes a function that returns the student to which the pointer CURRENT of a dataset points. It
 * keeps the student in memory, and looks for another one at most once per minute. If the other one
 * cannot be loaded, the former student stays in use. Calls must not overlap.
 *
 * @param results Location of the results.
 * @param onProblem Called with the reason if another student cannot be loaded.
 * @returns from that function, the student. It is valid until the next call.
 * @throws UserError, from that function, if the dataset has no student yet.
 */
export function followCurrent(
  results: string,
  dataset: string,
): (onProblem: (reason: string) => void) => Promise<Predictor> {
  const key = keys.current(dataset);
  let loaded: { readonly etag: string; readonly student: Predictor } | undefined;
  let checkedAtMs = Number.NEGATIVE_INFINITY;
  const look = async () => {
    const store = await openStore(results);
    const pointer = await store.head(key);
    if (pointer === undefined) throw unpublished(dataset);
    if (pointer.etag !== loaded?.etag) {
      const student = await load(store, pointer);
      loaded?.student.dispose();
      loaded = { etag: pointer.etag, student };
    }
    checkedAtMs = performance.now();
    return loaded.student;
  };
  return async (onProblem) => {
    const { student } = loaded ?? {};
    if (student === undefined) return look();
    if (performance.now() - checkedAtMs < checkIntervalMs) return student;
    checkedAtMs = performance.now();
    return look().catch((error: Error) => {
      onProblem(error.message);
      return student;
    });
  };
}

async function load(results: ObjectStore, { key }: ObjectInfo): Promise<Predictor> {
  const { student } = await readCurrent(results, key);
  return openPredictor(await openStore(`${results.location}/${student.replace(/\/$/, '')}`));
}

function unpublished(dataset: string): UserError {
  return new UserError(
    `the dataset ${dataset} has no student in use yet`,
    'Send the request again when a run has published one: counterweight status shows the runs.',
  );
}
