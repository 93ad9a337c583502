/**
 * Whole runs under faults, with every stage as it is. A user enters the command until the run is
 * done, then adds a batch, and so on. At the end, everything that must hold is checked.
 */
import { readLabels, readLabelsSummary } from '../../src/data/tables/labels-file.ts';
import type { JobEvent } from '../../src/run/events.ts';
import { openJob, shardItems } from '../../src/run/job.ts';
import { keys } from '../../src/run/keys.ts';
import { startRun } from '../../src/stages/start.ts';
import type { Defect } from './defects.ts';
import { type Execution, execute, limits } from './engine.ts';
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
  requireWrittenOnce,
} from './invariants.ts';
import { baseObjects, batchObject, unlabeledIds } from './reviews.ts';
import { SimulatedS3 } from './simulated-s3.ts';
import { requireThat } from './violation.ts';
import { World } from './world.ts';

/** Last result of the runs: the labels, or all. */
export type Until = 'labels' | 'students';

/** Number of batches, one after the other, each with a run. */
const batches = { labels: 1, students: 2 } as const;

/** Times that a user enters a command: more than there are faults. */
const maxCommands = 40;

const dataBucket = 'simulated-data';
let scenes = 0;

/** A dataset and its results in a world. */
class Scene {
  readonly world: World;
  readonly s3: SimulatedS3;
  readonly results: string;
  readonly #until: Until;
  readonly #defect: Defect | undefined;

  constructor(world: World, until: Until, defect?: Defect) {
    this.world = world;
    this.s3 = new SimulatedS3(world, defect);
    // A name of its own: stages cache models by the location of the results.
    this.results = this.s3.makeBucket(`simulated-results-${++scenes}`);
    this.s3.makeBucket(dataBucket);
    this.#until = until;
    this.#defect = defect;
  }

  get objects(): Objects {
    return this.s3.objects(this.results);
  }

  /** Adds files to the dataset. */
  upload(files: Iterable<readonly [string, string]>): void {
    for (const [key, text] of files) this.s3.insert(dataBucket, `reviews/${key}`, text);
  }

  /** Enters the command until the run is done. */
  async untilDone(): Promise<{ readonly job: JobEvent; readonly execution: Execution }> {
    for (let command = 1; ; command++) {
      const execution: Execution = { calls: new Map(), labeled: 0 };
      try {
        return { job: await this.#enter(execution), execution };
      } catch (error) {
        requireExplained(error, execution);
        requireThat(command < maxCommands, 'a run comes to an end', () => String(error));
      }
    }
  }

  async #enter(execution: Execution): Promise<JobEvent> {
    const { objects } = this;
    const puts = costlyPuts(this.s3, this.results);
    const started = await this.world.start(() =>
      startRun(`s3://${dataBucket}/reviews`, `s3://${this.results}`),
    );
    const until = this.#until === 'labels' && ({ until: 'labels' } as const);
    const job = { ...started, execution: started.run, ...until };
    await execute(this.world, job, execution, this.#defect);
    // Others may repeat what this execution finds done.
    const { counts } = this.world.faults;
    const isAlone =
      !counts.has('second execution') && !counts.has('process given up that continues');
    if (isAlone) requireNoRepeat(puts, objects, costlyPuts(this.s3, this.results));
    return job;
  }
}

/** Simulates runs. @throws Violation if something does not hold. */
export async function simulateRuns(world: World, until: Until, defect?: Defect): Promise<void> {
  const expected = await undisturbed(until);
  const scene = new Scene(world, until, defect);
  for (let batch = 0; batch < batches[until]; batch++) {
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
  requireWrittenOnce(scene.s3, scene.results);
  requireForward(scene.s3, scene.results);
  requireBudget(scene.objects, estimatesOf(scene.objects, until), limits);
  await requireFreeRerun(scene);
}

/** The command of a finished run computes nothing and writes nothing. */
async function requireFreeRerun(scene: Scene): Promise<void> {
  const { world, s3, results } = scene;
  world.faults.stop();
  const puts = costlyPuts(s3, results);
  const versions = countVersions(s3, results);
  await world.run(async () => {
    const { execution } = await scene.untilDone();
    requireThat(execution.labeled === 0, 'a rerun labels nothing', () => `${execution.labeled}`);
  });
  requireNoRepeat(puts, scene.objects, costlyPuts(s3, results));
  const written = countVersions(s3, results) - versions;
  requireThat(written === 0, 'a rerun writes nothing', () => `${written} objects`);
}

const known = new Map<Until, Promise<Objects[]>>();

/** Returns the results of the same runs without faults, after each. */
function undisturbed(until: Until): Promise<Objects[]> {
  const found = known.get(until) ?? runUndisturbed(until);
  known.set(until, found);
  return found;
}

async function runUndisturbed(until: Until): Promise<Objects[]> {
  const world = new World(0);
  world.faults.stop();
  const scene = new Scene(world, until);
  const results: Objects[] = [];
  await world.run(async () => {
    scene.upload(baseObjects());
    for (let batch = 0; batch < batches[until]; batch++) {
      scene.upload([batchObject(2 * batch), batchObject(2 * batch + 1)]);
      const { job } = await scene.untilDone();
      await requireLabeledOnce(job, 2 * batch + 2);
      results.push(scene.objects);
    }
  });
  return results;
}

/** Every unlabeled example is labeled once, or quarantined once with a reason. */
async function requireLabeledOnce(event: JobEvent, files: number): Promise<void> {
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
  const wanted = Array.from({ length: files }, (_, file) => unlabeledIds(file)).flat();
  const isOnce = found.sort().join() === wanted.sort().join();
  requireThat(isOnce, 'every example is labeled or quarantined once', () => found.join());
}
