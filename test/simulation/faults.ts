import type { Random } from '../../src/data/random.ts';

/** Kinds of faults, and how often each is drawn relative to the others. */
const kinds = {
  /** S3 or Step Functions: an error of every attempt of the SDK, before anything is done. */
  'error before the commit': 0.6,
  /** The request was done, and its answer is an error or never comes. */
  'error after the commit': 1,
  /** The answer is lost, and the SDK sends the same request again. */
  'lost answer, sent again': 1,
  /** 409: another write of the object is in progress. */
  'conflict (409)': 1,
  /** The permission is missing, until the user runs the command again. */
  'refused (403)': 0.1,
  'short read': 1,
  'slow read': 1,
  /** The bytes that arrive differ from their checksum. */
  'damaged read': 1,
  'killed process': 0.15,
  'process given up that continues': 0.1,
  /** The time of a function is up: a training writes its checkpoint and is called again. */
  'deadline of a function': 10,
  /** The task is done, and its caller does not learn of it. */
  'lost result': 1,
  'clock jump': 0.1,
  /** The clock of the machine of a process is wrong from its start. */
  'wrong clock': 3,
  /** A description of an execution lacks its newest change. */
  'stale status': 20,
  /** The results are on a disk that has space for a drawn number of bytes. */
  'full disk at a byte': 10,
  /** Every call of a training ends before its first step, in one execution. */
  'training without progress': 10,
  /** Two users run the same command at once. */
  'second execution': 20,
  'duplicated event': 3,
  'lost event': 3,
  'late event': 3,
} as const;

export type Fault = keyof typeof kinds;
export const faultKinds = Object.keys(kinds) as readonly Fault[];

/**
 * Draws the faults of a world. Their number is limited, so that code that retries must come to an
 * end. Some worlds have few faults and others many.
 */
export class Faults {
  /** Number of faults so far, by kind. */
  readonly counts = new Map<Fault, number>();
  readonly #random: Random;
  readonly #rate: number;
  #left: number;

  constructor(random: Random) {
    this.#random = random;
    this.#rate = 0.2 * random() ** 3;
    this.#left = Math.floor(random() * 30);
  }

  /** Decides whether a fault happens here. */
  happens(kind: Fault): boolean {
    if (this.#left === 0 || this.#random() >= this.#rate * kinds[kind]) return false;
    this.#left--;
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    return true;
  }

  /** Ends all faults: what follows is undisturbed. */
  stop(): void {
    this.#left = 0;
  }
}
