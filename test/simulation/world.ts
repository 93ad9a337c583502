/**
 * The simulated world: one clock, one order of events and one source of random numbers, all from
 * one seed. Code under test runs unchanged: while a world runs, the timers, the clock and
 * `Math.random` of this Node process are the world's.
 *
 * It is a simulation of discrete events. Everything that takes time waits in one queue, by the time
 * of its end: a request to AWS, a timer, a step of a training. The world lets all code run until it
 * waits, then sets the clock to the next event and wakes the code that waits for it. Durations are
 * drawn, so each seed is another order of events, and the same seed is the same order.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import disk from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';
import { type Random, randomFor } from '../../src/data/random.ts';
import { Faults } from './faults.ts';

/** Ids of simulated processes are above it, and those of the machine below. */
const firstProcess = 9_000_000;

/** Returns whether a path of /proc is about a simulated process. */
export function isSimulatedProcess(path: string): boolean {
  const [, id] = /^\/proc\/(\d+)\//.exec(path) ?? [];
  return Number(id) > firstProcess;
}

/** A process of the world, such as one call of a function. */
export class Process {
  readonly id: number;
  /** A killed process gets no more answers, so that it does nothing any more. */
  isKilled = false;
  /** Error of the clock of its machine. It jumps. */
  clockErrorMs = 0;
  /** Receives the error that the caller of the process sees when it is killed or given up. */
  readonly #onLoss: (error: Error) => void;

  constructor(id: number, onLoss: (error: Error) => void) {
    this.id = id;
    this.#onLoss = onLoss;
  }

  /** The process ends at once, between any two of its waits. */
  kill(): void {
    this.isKilled = true;
    this.#onLoss(named('Lambda.Unknown', 'the process was killed'));
  }

  /** The caller takes the process for dead, and it continues: two processes then do one task. */
  giveUp(): void {
    this.#onLoss(named('Sandbox.Timedout', 'the process does not answer'));
  }
}

/** A wait in the queue. */
interface Wait {
  readonly atMs: number;
  readonly wake: () => void;
}

/** Start of every world: half a day before a month ends. */
const epochMs = Date.UTC(2026, 0, 31, 12);

/** A wait this long is a time limit, which must not pass while Node loads a module. */
const farMs = 7 * 24 * 3_600_000;

/** Turns of Node, of a millisecond, after which no module is being loaded, on a busy machine. */
const maxIdleTurns = 60_000;

/** Time after the end of the work in which processes that were given up continue. */
const afterwardsMs = 24 * 3_600_000;

const processes = new AsyncLocalStorage<Process>();
const { setImmediate: nodeTurn, setTimeout: nodeDelay } = timers;

export class World {
  readonly random: Random;
  readonly faults: Faults;
  /** Time since the start. It never goes back. */
  nowMs = 0;
  readonly #waits: Wait[] = [];
  readonly #processes: Process[] = [];

  constructor(seed: number) {
    this.random = randomFor(seed);
    this.faults = new Faults(this.random);
  }

  /** The right time, which the clock of S3 has. */
  get time(): Date {
    return new Date(epochMs + Math.floor(this.nowMs));
  }

  /** Draws an integer from 0 to `count - 1`. */
  below(count: number): number {
    return Math.floor(this.random() * count);
  }

  /** Returns true with a probability. */
  chance(probability: number): boolean {
    return this.random() < probability;
  }

  /** Lets time pass for the calling process, which may meet its end or another hour meanwhile. */
  async pass(ms: number): Promise<void> {
    const process = processes.getStore();
    if (process && !process.isKilled) this.#disturb(process);
    await new Promise<void>((resolve) => this.#push(ms, resolve));
    if (process?.isKilled) await new Promise(() => {});
  }

  #disturb(process: Process): void {
    if (this.faults.happens('killed process')) process.kill();
    else if (this.faults.happens('process given up that continues')) process.giveUp();
    if (this.faults.happens('clock jump')) process.clockErrorMs = this.#drawClockError();
  }

  /** Draws up to 12 hours, forward or back. */
  #drawClockError(): number {
    return (this.below(24 * 60) - 12 * 60) * 60_000;
  }

  /** Runs work as a process of its own. */
  async start<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const process = new Process(firstProcess + 1 + this.#processes.length, reject);
      this.#processes.push(process);
      if (this.faults.happens('wrong clock')) process.clockErrorMs = this.#drawClockError();
      processes.run(process, () => work().then(resolve, reject));
    });
  }

  /** Runs work that belongs to no process, such as a service of AWS. */
  serve(work: () => Promise<unknown>): void {
    processes.exit(() => void work());
  }

  /** Runs work in this world to its end, and then the processes that were given up. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const restore = this.#install();
    try {
      let endMs = Number.POSITIVE_INFINITY;
      const result = work().finally(() => {
        endMs = this.nowMs + afterwardsMs;
      });
      result.catch(() => {});
      for (let idle = 0; ; idle++) {
        await nodeTurn();
        const next = this.#next();
        if (endMs < Number.POSITIVE_INFINITY && !(next && next.atMs <= endMs)) return await result;
        if (idle < maxIdleTurns && !(next && next.atMs - this.nowMs < farMs)) {
          await nodeDelay(1);
          continue;
        }
        if (!next) throw new Error('the world is stuck: it waits for nothing');
        idle = 0;
        this.#remove(next);
        this.nowMs = next.atMs;
        next.wake();
      }
    } finally {
      restore();
    }
  }

  #push(ms: number, wake: () => void): Wait {
    const wait = { atMs: this.nowMs + Math.max(0, ms), wake };
    this.#waits.push(wait);
    return wait;
  }

  #remove(wait: Wait): void {
    const index = this.#waits.indexOf(wait);
    if (index >= 0) this.#waits.splice(index, 1);
  }

  /** Returns the wait that ends first. */
  #next(): Wait | undefined {
    let first: Wait | undefined;
    for (const wait of this.#waits) if (!first || wait.atMs < first.atMs) first = wait;
    return first;
  }

  /** Replaces clock, timers, random numbers, processes. @returns a function that restores them. */
  #install(): () => void {
    const restoreProcesses = this.#installProcesses();
    const { Date: RealDate, setTimeout, clearTimeout } = globalThis;
    const { random } = Math;
    const { now } = performance;
    const { statfs } = disk;
    const promises = { setTimeout: timers.setTimeout, setImmediate: timers.setImmediate };
    const time = () => epochMs + Math.floor(this.nowMs) + (processes.getStore()?.clockErrorMs ?? 0);
    class WorldDate extends RealDate {
      constructor(...given: [] | [number | string | Date]) {
        super(given.length === 0 ? time() : given[0]);
      }
      static override now = time;
    }
    Object.assign(globalThis, {
      Date: WorldDate,
      setTimeout: (wake: () => void, ms = 0) => this.#push(ms, wake),
      clearTimeout: (wait: Wait) => this.#remove(wait),
    });
    Object.assign(Math, { random: this.random });
    Object.assign(performance, { now: () => this.nowMs });
    Object.assign(timers, {
      setTimeout: (ms: number) => this.pass(ms),
      // A step of a training waits for it: seconds, so that checkpoints are due.
      setImmediate: () => this.pass(this.below(20_000)),
    });
    // The only access of a run to the real disk: how much is free.
    Object.assign(disk, { statfs: async () => ({ bavail: 2 ** 20, bsize: 4096 }) });
    syncBuiltinESMExports();
    return () => {
      restoreProcesses();
      Object.assign(globalThis, { Date: RealDate, setTimeout, clearTimeout });
      Object.assign(Math, { random });
      Object.assign(performance, { now });
      Object.assign(timers, promises);
      Object.assign(disk, { statfs });
      syncBuiltinESMExports();
    };
  }

  /** Gives simulated processes ids, and signals by them. @returns a function that ends this. */
  #installProcesses(): () => void {
    const { kill, pid } = globalThis.process;
    Object.assign(globalThis.process, {
      kill: (id: number, signal: number) => {
        const process = this.#processes[id - firstProcess - 1];
        if (!process) return kill(id, signal);
        if (process.isKilled) throw Object.assign(new Error('ESRCH'), { code: 'ESRCH' });
        return true;
      },
    });
    setProcessId(() => processes.getStore()?.id ?? pid);
    return () => {
      Object.assign(globalThis.process, { kill });
      setProcessId(() => pid);
    };
  }
}

function setProcessId(get: () => number): void {
  Object.defineProperty(process, 'pid', { get, configurable: true, enumerable: true });
}

/** Makes an error with a name, by which the workflow decides what it does. */
export function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
