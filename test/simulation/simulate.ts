import type { Defect } from './defects.ts';
import { simulateDeployment } from './deployment.ts';
import type { Fault } from './faults.ts';
import { Violation } from './violation.ts';
import { simulateRuns } from './whole-run.ts';
import { World } from './world.ts';

/** Result of one seed. */
export interface Outcome {
  readonly seed: number;
  readonly kind: 'students' | 'labels' | 'deployment';
  readonly faults: ReadonlyMap<Fault, number>;
  /** Simulated time, in ms. */
  readonly simulatedMs: number;
  /** The invariant that does not hold. */
  readonly violation: string | undefined;
}

/** Seeds of which one is whole runs with students, and one is a run for labels. */
const period = 100;

let loaded: Promise<void> | undefined;

/** Loads the modules of all kinds, so that no world waits for the disk. */
async function loadModules(): Promise<void> {
  await simulateRuns(new World(0), 'students');
  await simulateDeployment(new World(0));
}

/** Simulates one seed. Equal seeds have equal outcomes. */
export async function simulate(seed: number, defect?: Defect): Promise<Outcome> {
  loaded ??= loadModules();
  await loaded;
  const world = new World(seed);
  const kind = kindOf(seed);
  const violation = await violationOf(() =>
    kind === 'deployment' ? simulateDeployment(world, defect) : simulateRuns(world, kind, defect),
  );
  return { seed, kind, faults: world.faults.counts, simulatedMs: world.nowMs, violation };
}

function kindOf(seed: number): Outcome['kind'] {
  if (seed % period === 0) return 'students';
  return seed % period === period / 2 ? 'labels' : 'deployment';
}

async function violationOf(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof Violation) return error.message;
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
