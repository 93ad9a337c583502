/**
 * A deployment under faults: batches arrive, events start runs, and one run follows another. The
 * functions of the triggers, the turns and the budget are real. An execution only waits, reserves
 * its cost and ends.
 */
import { createFollowHandler } from '../../functions/follow.ts';
import { createStartHandler } from '../../functions/start.ts';
import { datasetOfRun, runOf } from '../../src/aws/executions.ts';
import { recordEnd } from '../../src/aws/record-end.ts';
import { startOrResume } from '../../src/aws/start-or-resume.ts';
import { turnSchema } from '../../src/aws/turn.ts';
import { reserveSpend } from '../../src/cost/spend.ts';
import { UserError } from '../../src/errors.ts';
import { jobEvent } from '../../src/run/events.ts';
import { readFailure } from '../../src/run/failure-file.ts';
import { keys } from '../../src/run/keys.ts';
import { recordSchema } from '../../src/run/plan-file.ts';
import type { Handler } from '../../src/stages/entry.ts';
import { markQuietBatches } from '../../src/stages/sweep.ts';
import { readJson } from '../../src/store/once.ts';
import { openStore } from '../../src/store/open.ts';
import type { Defect } from './defects.ts';
import { limits } from './engine.ts';
import { requireBudget, requireReserved, requireWrittenOnce } from './invariants.ts';
import { baseObjects, batchObject } from './reviews.ts';
import { SimulatedS3 } from './simulated-s3.ts';
import {
  type EndStatus,
  machine,
  type SimulatedExecution,
  SimulatedStepFunctions,
} from './simulated-step-functions.ts';
import { requireThat } from './violation.ts';
import type { World } from './world.ts';

const dataBucket = 'simulated-uploads';
const resultsBucket = 'simulated-runs';
const results = `s3://${resultsBucket}`;

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Age from which Sweep closes a batch without a marker. */
const quietMinutes = 90;

/** Estimate of a run, in US dollars. The limits leave room for a few runs. */
const runUsd = 15;

/** Estimate of a run of another dataset of the deployment. */
const otherUsd = 1;

/** Calls of Lambda for one event, and the time before the next. */
const lambdaCalls = 3;

class Deployment {
  readonly s3: SimulatedS3;
  readonly stepFunctions: SimulatedStepFunctions;
  readonly #world: World;
  readonly #defect: Defect | undefined;
  readonly #start: Handler;
  readonly #follow: Handler;
  /** Events whose calls all failed. An operator sends them again. */
  readonly #deadLetters: (() => Promise<unknown>)[] = [];
  /** Executions that ran at the same time. */
  readonly together: string[] = [];
  /** Names of executions whose end was reported. */
  readonly reported = new Set<string>();
  /** Estimates of the runs that reserve, in US dollars. */
  readonly estimates = new Map<string, number>();
  /** Runs whose cost is reserved, as they know. */
  readonly reserved = new Set<string>();

  constructor(world: World, defect?: Defect) {
    this.#world = world;
    this.#defect = defect;
    this.s3 = new SimulatedS3(world, defect);
    this.s3.makeBucket(dataBucket);
    this.s3.makeBucket(resultsBucket);
    this.s3.onWrite = (bucket, key, { id }) => {
      if (bucket === dataBucket && key.endsWith('/_SUCCESS')) this.#markerArrived(key, id);
    };
    this.stepFunctions = new SimulatedStepFunctions(
      world,
      (execution) => this.#work(execution),
      (execution) => this.#changed(execution),
    );
    Object.assign(process.env, { RESULTS: results, STATE_MACHINE: machine });
    this.#start = createStartHandler();
    this.#follow = createFollowHandler();
  }

  /** A batch arrives: its file, and later its marker, unless Sweep has to write it. */
  async upload(batch: number): Promise<void> {
    const [key, text] = batchObject(batch);
    this.s3.insert(dataBucket, `reviews/${key}`, text);
    await this.#world.pass(this.#world.below(30 * minuteMs));
    if (this.#world.chance(0.3)) return;
    this.s3.insert(dataBucket, `reviews/unlabeled/batch-${batch}/_SUCCESS`, '');
  }

  /** A user starts or resumes the newest run. */
  async resume(): Promise<void> {
    const newest = [...this.stepFunctions.executions.values()].at(-1);
    if (!newest) return;
    const { run, dataset, results } = jobEvent.parse(JSON.parse(newest.input));
    const resumed = () => startOrResume(machine, { run, dataset, results });
    await this.#world.start(resumed).catch(() => {});
  }

  /** The clock calls Sweep and Follow. */
  async strikeHour(): Promise<void> {
    const sweep = () => markQuietBatches(`s3://${dataBucket}`, quietMinutes);
    await this.#call(sweep).catch(() => {});
    await this.#call(() => this.#follow({ 'detail-type': 'Scheduled Event' }, context)).catch(
      () => {},
    );
  }

  /** Sends the events again that no call could handle. */
  async sendDeadLetters(): Promise<void> {
    for (const send of this.#deadLetters.splice(0)) await send();
  }

  #markerArrived(key: string, version: string): void {
    const object = { key, 'version-id': version };
    const event = { detail: { bucket: { name: dataBucket }, object } };
    this.#world.serve(() => this.#deliver(() => this.#start(event, context)));
  }

  #changed(execution: SimulatedExecution): void {
    const running = this.stepFunctions.running.map((one) => one.name);
    if (running.length > 1) this.together.push(running.join(' and '));
    const { name, arn, status } = execution;
    const detail = { executionArn: arn, name, status, redriveCount: 0 };
    const event = { 'detail-type': 'Step Functions Execution Status Change', detail };
    if (!this.#world.faults.happens('lost event')) {
      this.#world.serve(() => this.#deliver(() => this.#follow(event, context)));
    }
    if (status === 'RUNNING' || this.#world.faults.happens('lost event')) return;
    const announce = async () => {
      await recordEnd(machine, detail, results);
      this.reported.add(name);
    };
    this.#world.serve(() => this.#deliver(announce));
  }

  /** EventBridge calls a function for an event, perhaps late, perhaps twice. */
  async #deliver(call: () => Promise<unknown>): Promise<void> {
    const { faults } = this.#world;
    const times = faults.happens('duplicated event') ? 2 : 1;
    for (let time = 0; time < times; time++) {
      const longestMs = faults.happens('late event') ? 6 * hourMs : 5_000;
      await this.#world.pass(this.#world.below(longestMs));
      await this.#call(call).catch(() => this.#deadLetters.push(() => this.#deliver(call)));
    }
  }

  /** Lambda calls a function, again after an error. */
  async #call(work: () => Promise<unknown>): Promise<void> {
    for (let call = 1; ; call++) {
      try {
        await this.#world.start(work);
        if (this.#world.faults.happens('lost result')) throw new Error('lost');
        return;
      } catch (error) {
        if (call === lambdaCalls) throw error;
        await this.#world.pass(call * minuteMs);
      }
    }
  }

  async #work({ name }: SimulatedExecution): Promise<EndStatus> {
    const run = runOf(name);
    await this.#world.pass(this.#world.below(3 * hourMs));
    // Runs of other datasets reserve at the same moment.
    const others = Array.from({ length: this.#world.below(4) }, (_, i) => `other ${i} of ${name}`);
    const statuses = await Promise.all([
      this.#reserve(run, runUsd),
      ...others.map((other) => this.#reserve(other, otherUsd)),
    ]);
    await this.#world.pass(this.#world.below(3 * hourMs));
    return statuses[0];
  }

  /** Does as Plan: reserves the cost, again after an error. */
  async #reserve(run: string, totalUsd: number): Promise<EndStatus> {
    this.estimates.set(run, totalUsd);
    for (let call = 0; call < 40; call++) {
      const isDouble = this.#defect === 'double-count' && call > 0;
      const wish = { run: isDouble ? `${run} again ${call}` : run, totalUsd };
      try {
        await this.#world.start(async () => reserveSpend(await openStore(results), wish, limits));
        this.reserved.add(run);
        const ends: EndStatus[] = ['SUCCEEDED', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'];
        if (!this.#world.faults.happens('lost result')) return ends[this.#world.below(5)]!;
      } catch (error) {
        if (error instanceof UserError && error.message.includes('together more')) return 'FAILED';
      }
    }
    throw new Error(`${run} reserves for ever`);
  }
}

const context = { signal: new AbortController().signal, report: () => {} };

/** Simulates a deployment for some days. @throws Violation if something does not hold. */
export async function simulateDeployment(world: World, defect?: Defect): Promise<void> {
  const deployment = new Deployment(world, defect);
  const batches = 1 + world.below(4);
  await world.run(async () => {
    for (const [key, text] of baseObjects()) {
      deployment.s3.insert(dataBucket, `reviews/${key}`, text);
    }
    for (let batch = 0; batch < batches; batch++) {
      await deployment.upload(batch);
      await world.pass(world.below(4 * hourMs));
      if (world.chance(0.3)) await deployment.resume();
      if (world.chance(0.5)) await deployment.strikeHour();
    }
    world.faults.stop();
    await deployment.sendDeadLetters();
    // Time for late events, for Sweep, and for the last runs.
    for (let calm = 0, hour = 0; calm < 3 && hour < 99; hour += 3) {
      await world.pass(3 * hourMs);
      await deployment.strikeHour();
      calm = deployment.stepFunctions.running.length === 0 ? calm + 1 : 0;
    }
  });
  await world.run(() => requireSettled(deployment, batches));
}

/** After the last event, every batch has had its run, and no turn is taken. */
async function requireSettled(
  { s3, stepFunctions, reported, estimates, reserved, together }: Deployment,
  batches: number,
): Promise<void> {
  requireThat(together.length === 0, 'a dataset has one run at a time', () => together.join(', '));
  const store = await openStore(results);
  const all = [...stepFunctions.executions.values()];
  const runs = [...new Set(all.map(({ name }) => runOf(name)))];
  const records = await Promise.all(
    runs.map((run) => readJson(store, keys.record(run), recordSchema)),
  );
  const covered = new Set(records.flatMap((record) => ('batches' in record ? record.batches : [])));
  requireThat(covered.size === batches, 'every batch has a run', () => [...covered].join());
  requireThat(runs.length <= batches, 'no run without a new batch', () => runs.join(', '));
  requireThat(stepFunctions.running.length === 0, 'every run ends', () => runs.join(', '));
  const turn = await readJson(store, keys.turn(datasetOfRun(runs[0]!)), turnSchema);
  requireThat(!turn.holder && !turn.waiting, 'no turn is left', () => JSON.stringify(turn));
  for (const run of runs) {
    const last = all.filter(({ name }) => runOf(name) === run).at(-1)!;
    if (!reported.has(last.name)) continue;
    const failure = await readFailure(store, run);
    const isRight = (failure !== undefined) === (last.status !== 'SUCCEEDED');
    requireThat(isRight, 'the reason of a failure is recorded', () => `${run}: ${last.status}`);
  }
  requireBudget(s3.objects(resultsBucket), estimates, limits);
  requireReserved(s3.objects(resultsBucket), reserved);
  requireWrittenOnce(s3, resultsBucket);
}
