/**
 * Whole runs under faults. A user enters the command until the run is done, then adds a batch, and
 * so on. At the end, everything that must hold is checked.
 */
import { readLabels, readLabelsSummary } from '../../src/data/tables/labels-file.ts';
import type { JobEvent } from '../../src/run/events.ts';
import { openJob, shardItems } from '../../src/run/job.ts';
import { keys } from '../../src/run/keys.ts';
import { stages } from '../../src/stages/index.ts';
import { startRun } from '../../src/stages/start.ts';
import { openStore } from '../../src/store/open.ts';
import type { Defect } from './defects.ts';
import { type Execution, execute, limits, newExecution, type StageCode } from './engine.ts';
import {
  costlyPuts,
  countVersions,
  estimatesOf,
  type Objects,
  requireBudget,
  requireEqual,
  requireExplained,
  requireForward,
  requireNoRepeat,
  requireReserved,
  requireWrittenOnce,
  tinyEstimatesOf,
} from './invariants.ts';
import { baseObjects, batchObject, unlabeledIds } from './reviews.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { SimulatedS3 } from './simulated-s3.ts';
import type { SimulatedStorage } from './simulated-storage.ts';
import { readTinyLabels, readTinyPlan, tinyStages } from './tiny-stages.ts';
import { requireThat, Violation } from './violation.ts';
import { World } from './world.ts';

/** A kind of whole runs. */
interface RunKind {
  readonly code: StageCode;
  /** Last result of a run: the labels, or all. */
  readonly until: 'labels' | 'students';
  /** Largest number of batches, one after the other, each with a run. */
  readonly batches: number;
  readonly estimates: (objects: Objects) => Map<string, number>;
  /** Lists the examples that a run has labeled, and those that it has quarantined with a reason. */
  readonly labeledBy: (job: JobEvent) => Promise<string[]>;
}

const runKinds = {
  /** All stages as they are. */
  students: {
    code: stages,
    until: 'students',
    batches: 2,
    estimates: (objects) => estimatesOf(objects, 'students'),
    labeledBy,
  },
  /** The same up to Reconcile. */
  labels: {
    code: stages,
    until: 'labels',
    batches: 1,
    estimates: (objects) => estimatesOf(objects, 'labels'),
    labeledBy,
  },
  /** All stages with little to compute: see `tiny-stages.ts`. */
  tiny: {
    code: tinyStages,
    until: 'students',
    batches: 2,
    estimates: tinyEstimatesOf,
    labeledBy: tinyLabeledBy,
  },
} as const satisfies Record<string, RunKind>;
export type RunKindName = keyof typeof runKinds;

const storages = { s3: SimulatedS3, folder: SimulatedDisk } as const;
export type StorageName = keyof typeof storages;

/** Times that a user enters a command: more than there are faults. */
const maxCommands = 40;

const dataBucket = 'simulated-data';
let scenes = 0;

/** A dataset and its results in a world. */
class Scene {
  readonly world: World;
  readonly storage: SimulatedStorage;
  readonly kind: RunKind;
  /** Name of the bucket of the results. */
  readonly results: string;
  readonly #dataLocation: string;
  readonly #resultsLocation: string;
  readonly #defect: Defect | undefined;
  readonly #executions: Execution[] = [];

  constructor(world: World, kind: RunKind, storage: StorageName, defect?: Defect) {
    this.world = world;
    this.kind = kind;
    this.storage = new storages[storage](world, defect);
    // A name of its own: stages cache models by the location of the results.
    this.results = `simulated-results-${++scenes}`;
    this.#resultsLocation = this.storage.makeBucket(this.results);
    this.#dataLocation = this.storage.makeBucket(dataBucket);
    this.#defect = defect;
  }

  get objects(): Objects {
    return this.storage.objects(this.results);
  }

  /** Adds files to the dataset. */
  upload(files: Iterable<readonly [string, string]>): void {
    for (const [key, text] of files) this.storage.insert(dataBucket, `reviews/${key}`, text);
  }

  /** Enters the command until the run is done. */
  async untilDone(): Promise<{ readonly job: JobEvent; readonly execution: Execution }> {
    for (let command = 1; ; command++) {
      const execution = newExecution();
      try {
        return { job: await this.#enter(execution), execution };
      } catch (error) {
        if (error instanceof Violation) throw error;
        requireExplained(error, execution);
        requireThat(command < maxCommands, 'a run comes to an end', () => String(error));
        this.storage.afterFailure();
      }
    }
  }

  async #enter(execution: Execution): Promise<JobEvent> {
    const { objects } = this;
    const puts = costlyPuts(this.storage, this.results);
    const isAlone = this.#executions.every(({ open }) => open === 0);
    this.#executions.push(execution);
    const started = await this.world.start(() =>
      startRun(`${this.#dataLocation}/reviews`, this.#resultsLocation),
    );
    const until = this.kind.until === 'labels' && ({ until: 'labels' } as const);
    const job = { ...started, execution: started.run, ...until };
    await execute(this.world, job, this.kind.code, execution, this.#defect);
    // Others may repeat what this execution finds done.
    const { counts } = this.world.faults;
    const hasOthers =
      counts.has('second execution') || counts.has('process given up that continues');
    if (isAlone && !hasOthers)
      requireNoRepeat(puts, objects, costlyPuts(this.storage, this.results));
    return job;
  }
}

/** Simulates runs. @throws Violation if something does not hold. */
export async function simulateRuns(
  world: World,
  name: RunKindName,
  storage: StorageName,
  defect?: Defect,
): Promise<void> {
  const expected = await undisturbed(name, storage);
  const kind: RunKind = runKinds[name];
  const scene = new Scene(world, kind, storage, defect);
  const batches = 1 + world.below(kind.batches);
  for (let batch = 0; batch < batches; batch++) {
    await world.run(async () => {
      const files = [...(batch === 0 ? baseObjects() : []), batchObject(2 * batch)];
      scene.upload([...files, batchObject(2 * batch + 1)]);
      const users = world.faults.happens('second execution') ? 2 : 1;
      await Promise.all(Array.from({ length: users }, () => scene.untilDone()));
      requireEqual(scene.objects, expected[batch]!);
    });
    // By now, processes that were given up have ended, too.
    requireEqual(scene.objects, expected[batch]!);
  }
  requireWrittenOnce(scene.storage, scene.results);
  requireForward(scene.storage, scene.results);
  const estimates = kind.estimates(scene.objects);
  requireBudget(scene.objects, estimates, limits);
  requireReserved(scene.objects, estimates.keys());
  await requireFreeRerun(scene);
}

/** The command of a finished run computes nothing and writes nothing. */
async function requireFreeRerun(scene: Scene): Promise<void> {
  const { world, storage, results } = scene;
  world.faults.stop();
  storage.afterFailure();
  const puts = costlyPuts(storage, results);
  const versions = countVersions(storage, results);
  await world.run(async () => {
    const { execution } = await scene.untilDone();
    requireThat(execution.labeled === 0, 'a rerun labels nothing', () => `${execution.labeled}`);
  });
  requireNoRepeat(puts, scene.objects, costlyPuts(storage, results));
  const written = countVersions(storage, results) - versions;
  requireThat(written === 0, 'a rerun writes nothing', () => `${written} objects`);
}

const known = new Map<string, Promise<Objects[]>>();

/** Returns the results of the same runs without faults, after each. */
function undisturbed(name: RunKindName, storage: StorageName): Promise<Objects[]> {
  const id = `${name} ${storage}`;
  const found = known.get(id) ?? runUndisturbed(runKinds[name], storage);
  known.set(id, found);
  return found;
}

async function runUndisturbed(kind: RunKind, storage: StorageName): Promise<Objects[]> {
  const world = new World(0);
  world.faults.stop();
  const scene = new Scene(world, kind, storage);
  const results: Objects[] = [];
  await world.run(async () => {
    scene.upload(baseObjects());
    for (let batch = 0; batch < kind.batches; batch++) {
      scene.upload([batchObject(2 * batch), batchObject(2 * batch + 1)]);
      const { job } = await scene.untilDone();
      requireLabeledOnce(await kind.labeledBy(job), 2 * batch + 2);
      results.push(scene.objects);
    }
  });
  return results;
}

/** Every unlabeled example is labeled once, or quarantined once with a reason. */
function requireLabeledOnce(found: readonly string[], files: number): void {
  const wanted = Array.from({ length: files }, (_, file) => unlabeledIds(file)).flat();
  const isOnce = [...found].sort().join() === wanted.sort().join();
  requireThat(isOnce, 'every example is labeled or quarantined once', () => found.join());
}

async function labeledBy(event: JobEvent): Promise<string[]> {
  const job = await openJob(event);
  const found: string[] = [];
  for (const { id } of await shardItems(job, 'unlabeled')) {
    const key = keys.labels(job.plan.teacher.labels, id);
    for await (const row of readLabels(job.results, key)) found.push(row.id);
    const { quarantined } = await readLabelsSummary(job.results, key);
    for (const one of quarantined) {
      requireThat(one.reason !== '', 'a quarantined example has a reason', () => one.id);
      found.push(one.id);
    }
  }
  return found;
}

async function tinyLabeledBy({ run, results }: JobEvent): Promise<string[]> {
  const store = await openStore(results, 'time');
  const { shards, teacher } = await readTinyPlan(store, run);
  const found: string[] = [];
  for (const { id } of shards) {
    const { labels, quarantined } = await readTinyLabels(store, teacher, id);
    found.push(...Object.keys(labels), ...Object.keys(quarantined));
  }
  return found;
}
