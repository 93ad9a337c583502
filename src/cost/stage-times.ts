import { sum } from '../arrays.ts';
import type { MachineFile } from '../run/machine-file.ts';
import { allStages } from '../stages/index.ts';
import type { ObjectStore } from '../store/store.ts';
import { readUsages } from './usage.ts';

/** Reads how long the stages of a run took, in their order; those without a record are absent. */
export async function stageTimes(
  results: ObjectStore,
  run: string,
): Promise<MachineFile['stages']> {
  const usages = await readUsages(results, run);
  return allStages.flatMap(({ name, title }) => {
    const own = usages.filter(({ task }) => task === name);
    if (own.length === 0) return [];
    const total = (field: 'calls' | 'seconds') => sum(own.map((usage) => usage[field]));
    return [{ title, calls: total('calls'), seconds: total('seconds') }];
  });
}
