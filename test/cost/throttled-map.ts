import { randomFor } from '../../src/data/random.ts';

/** Retry of the workflow for throttled calls, with FULL jitter. */
export interface Retrier {
  readonly IntervalSeconds: number;
  readonly MaxAttempts: number;
  readonly BackoffRate: number;
  readonly MaxDelaySeconds: number;
}

export interface ThrottledMap {
  readonly shards: number;
  /** Seconds per call. */
  readonly seconds: number;
  /** Shards that the Map processes at once. */
  readonly concurrency: number;
  /** Functions that Lambda runs at once for the Map. */
  readonly free: number;
  readonly retrier: Retrier;
  readonly seed: number;
}

export interface MapOutcome {
  readonly failed: boolean;
  readonly hours: number;
  readonly done: number;
  /** Refused calls; each retry is a paid transition. */
  readonly throttles: number;
}

/**
 * Simulates a Distributed Map whose calls Lambda throttles. A call takes `seconds` ± 10 %. A
 * refused call waits a random time up to the retrier's delay. The Map fails with the first call
 * that has no attempt left. The SDK of Step Functions makes no attempts of its own.
 */
export function simulateMap(map: ThrottledMap): MapOutcome {
  const { shards, seconds, concurrency, free, retrier, seed } = map;
  const random = randomFor(seed);
  const events = new EventQueue();
  let [started, running, done, throttles] = [0, 0, 0, 0];
  for (; started < Math.min(concurrency, shards); started++) events.add(random(), 0);
  for (let event = events.take(); event; event = events.take()) {
    const { at, attempt } = event;
    if (attempt === ended) {
      running--;
      done++;
      if (started++ < shards) events.add(at + 0.2, 0);
    } else if (running < free) {
      running++;
      events.add(at + seconds * (0.9 + 0.2 * random()), ended);
    } else {
      throttles++;
      if (attempt >= retrier.MaxAttempts) return outcome(true, at);
      const { IntervalSeconds, BackoffRate, MaxDelaySeconds } = retrier;
      const delay = Math.min(MaxDelaySeconds, IntervalSeconds * BackoffRate ** attempt);
      events.add(at + random() * delay, attempt + 1);
    }
    if (done === shards) return outcome(false, at);
  }
  throw new Error('a shard was lost');

  function outcome(failed: boolean, at: number): MapOutcome {
    return { failed, hours: at / 3600, done, throttles };
  }
}

/** Attempt of an event that is the end of a call. */
const ended = -1;

interface Event {
  /** Seconds since the start of the Map. */
  readonly at: number;
  readonly attempt: number;
}

/** Events in the order of their time: a binary heap. */
class EventQueue {
  readonly #heap: Event[] = [];

  add(at: number, attempt: number): void {
    const heap = this.#heap;
    let index = heap.push({ at, attempt }) - 1;
    for (let parent = (index - 1) >> 1; index > 0; parent = (index - 1) >> 1) {
      if (heap[parent]!.at <= at) break;
      this.#swap(index, parent);
      index = parent;
    }
  }

  take(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length === 0) return first;
    heap[0] = last!;
    for (let index = 0; ; ) {
      const left = 2 * index + 1;
      const right = left + 1;
      let next = left;
      if (right < heap.length && heap[right]!.at < heap[left]!.at) next = right;
      if (next >= heap.length || heap[next]!.at >= heap[index]!.at) break;
      this.#swap(index, next);
      index = next;
    }
    return first;
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap;
    [heap[a], heap[b]] = [heap[b]!, heap[a]!];
  }
}
