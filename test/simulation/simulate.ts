import type { Defect } from './defects.ts';
import { simulateDeployment } from './deployment.ts';
import type { Fault } from './faults.ts';
import { Violation } from './violation.ts';
import { type RunKindName, type StorageName, simulateRuns } from './whole-run.ts';
import { World } from './world.ts';

/** Result of one seed. */
export interface Outcome {
  readonly seed: number;
  readonly kind: Kind;
  readonly faults: ReadonlyMap<Fault, number>;
  /** Simulated time, in ms. */
  readonly simulatedMs: number;
  /** The invariant that does not hold. */
  readonly violation: string | undefined;
}

interface KindRow {
  /** Number of such seeds among each hundred. */
  readonly perHundred: number;
  /** Stages and store of whole runs; undefined for a deployment. */
  readonly runs: readonly [RunKindName, StorageName] | undefined;
}

/** The kinds of seeds: what a seed simulates. */
export const kinds = {
  'students, S3': { perHundred: 1, runs: ['students', 's3'] },
  'labels, S3': { perHundred: 1, runs: ['labels', 's3'] },
  'labels, folder': { perHundred: 1, runs: ['labels', 'folder'] },
  'tiny, S3': { perHundred: 37, runs: ['tiny', 's3'] },
  'tiny, folder': { perHundred: 30, runs: ['tiny', 'folder'] },
  deployment: { perHundred: 30, runs: undefined },
} as const satisfies Record<string, KindRow>;
export type Kind = keyof typeof kinds;

/** The kind of each of a hundred seeds, mixed by a step that is coprime to 100. */
const kindOfSeed = Object.entries(kinds).flatMap(([kind, { perHundred }]) =>
  Array.from({ length: perHundred }, () => kind as Kind),
);

let loaded: Promise<void> | undefined;

/** Loads the modules of all kinds, so that no world waits for the disk of this machine. */
async function loadModules(): Promise<void> {
  await simulateRuns(new World(0), 'students', 's3');
  await simulateDeployment(new World(0));
}

/** Simulates one seed. Equal seeds have equal outcomes. */
export async function simulate(seed: number, defect?: Defect): Promise<Outcome> {
  loaded ??= loadModules();
  await loaded;
  const world = new World(seed);
  const kind = kindOfSeed[(37 * seed) % kindOfSeed.length]!;
  const { runs }: KindRow = kinds[kind];
  const violation = await violationOf(() =>
    runs ? simulateRuns(world, ...runs, defect) : simulateDeployment(world, defect),
  );
  return { seed, kind, faults: world.faults.counts, simulatedMs: world.nowMs, violation };
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
