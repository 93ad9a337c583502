/** The machine that evaluates a run, and times. */
import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, totalmem, type } from 'node:os';
import { z } from 'zod';
import { findIsolation } from '#setup/isolation.mjs';
import { stageTimes } from '../../cost/stage-times.ts';
import type { Job } from '../../run/job.ts';
import { keys } from '../../run/keys.ts';
import { type MachineFile, machineFileSchema } from '../../run/machine-file.ts';
import { readJson, writeJsonOnce } from '../../store/once.ts';
import type { Latencies } from './latency.ts';
import { measureTeacherLatency } from './teacher-latency.ts';

/** Packages whose versions may change the figures of a run, or its times. */
const packages = ['counterweight', '@tensorflow/tfjs-node', 'onnxruntime-node'];

/**
 * Writes the machine and the times, with the latency of the teacher.
 * @param measured Latency of the other models.
 */
export async function writeMachine(job: Job, measured: Latencies): Promise<void> {
  const { results, run } = job;
  const file: MachineFile = {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${type()} ${arch()}`,
    ...(runsForeignModels(job) && { isolation: findIsolation().description }),
    versions: { Node: process.version.slice(1), ...packageVersions() },
    ...measured,
    ...(await withTeacher(job, measured)),
    stages: await stageTimes(results, run),
  };
  await writeJsonOnce(results, keys.machine(run), file);
}

/** Measures the teacher; without it, returns the reason. */
async function withTeacher(
  job: Job,
  { latency }: Latencies,
): Promise<Pick<MachineFile, 'latency' | 'teacherNotTimed'>> {
  const teacher = await measureTeacherLatency(job);
  if ('notTimed' in teacher) return { latency, teacherNotTimed: teacher.notTimed };
  return { latency: { ...latency, teacher: teacher.seconds } };
}

/** Returns whether the run uses models of users, which run in processes of their own. */
function runsForeignModels({ plan }: Job): boolean {
  return plan.encoders.length > 0 || plan.config.teacher.train === undefined;
}

/** Reads the machine and the times; undefined for a run of an older version. */
export async function readMachine({ results, run }: Job): Promise<MachineFile | undefined> {
  if (!(await results.head(keys.machine(run)))) return undefined;
  return readJson(results, keys.machine(run), machineFileSchema);
}

const manifest = z.looseObject({ version: z.string() });

/** Returns the versions of the packages that are installed where this code runs. */
function packageVersions(): Record<string, string> {
  const require = createRequire(import.meta.url);
  const found = packages.flatMap((name) => {
    try {
      return [[name, manifest.parse(require(`${name}/package.json`)).version] as const];
    } catch {
      return [];
    }
  });
  return Object.fromEntries(found);
}
