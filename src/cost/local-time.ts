/** Time of a run on one machine. */
import { sum } from '../arrays.ts';
import { allStages } from '../stages/index.ts';
import { vcpusOf } from './functions.ts';
import { assumed, measured } from './rates.ts';
import { stageEstimates } from './stage-models.ts';
import type { RunWork } from './work.ts';

/**
 * Estimates the time of a run in one process and its workers, on cores as fast as those of
 * `rates.ts`. It is the work of the functions without their starts, shared by all cores. A GPU is
 * not counted: a run on one machine trains on its processors.
 *
 * @returns seconds.
 * @example localSeconds(work, 2) // 211.3: about three and a half minutes
 */
export function localSeconds(work: RunWork, cores: number): number {
  const trainer = 'function' as const;
  // With one shard at a time, each stage has one start.
  const alone = { ...work, concurrency: 1, config: { ...work.config, trainer } };
  const coreSeconds = stageEstimates(alone).map(({ task, calls, seconds }) => {
    const stage = allStages.find(({ name }) => name === task)!;
    const starts = stage.mapOver === 'shards' || stage.mapOver === 'unlabeledShards' ? 1 : calls;
    const overhead = starts * assumed.initSeconds + calls * assumed.callSeconds;
    return Math.max(0, seconds - overhead) * assumed.functionCore * vcpusOf(stage);
  });
  return measured.loadSeconds + sum(coreSeconds) / cores;
}
