import type { Job } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { type MixtureFile, mixtureFileSchema } from '../run/mixture-file.ts';
import { readJson } from '../store/once.ts';

/** Reads the weights of several teachers; undefined if there is one. */
export async function readMixture({ plan, results }: Job): Promise<MixtureFile | undefined> {
  const { digest, members } = plan.teacher;
  if (members.length < 2) return undefined;
  return readJson(results, keys.mixture(digest), mixtureFileSchema);
}
