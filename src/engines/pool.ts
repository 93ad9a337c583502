import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Progress } from '../run/context.ts';
import type { StageName } from '../stages/index.ts';
import { deserializeError, type FromWorker, type ToWorker } from './wire.ts';
import { type DeathAdvice, describeDeath, type WorkerEnd } from './worker-death.ts';

/** Maximum time in which a worker writes its checkpoint before it is killed. */
const stopTimeoutMs = 15_000;

/** Characters of a worker's standard error that are kept, to be reported if it dies. */
const lastWordsLength = 16_000;

const workerScript = fileURLToPath(new URL('./worker.js', import.meta.url));

interface Task {
  readonly name: StageName;
  readonly event: unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Worker {
  readonly process: ChildProcess;
  task: Task | undefined;
}

export interface Pool {
  /** Runs a task in a free worker process, or waits for one. */
  invoke(name: StageName, event: unknown): Promise<unknown>;
  /** Stops every worker, which first keeps what it did, and waits until all have ended. */
  stop(): Promise<void>;
}

export interface PoolOptions {
  /** Maximum number of workers. */
  readonly size: number;
  readonly onProgress: (progress: Progress) => void;
  /** Advice for the user if a worker dies. */
  readonly advice: DeathAdvice;
  /** Program of a worker. Default: `worker.ts`, which runs the stages. */
  readonly script?: string;
}

/**
 * Creates a pool of worker processes, which start when needed and are reused. If a worker dies, its
 * task fails with the name of Lambda's error, so that the workflow retries both in the same way.
 */
export function createPool(options: PoolOptions): Pool {
  const { size, onProgress, advice, script = workerScript } = options;
  const workers = new Set<Worker>();
  const queue: Task[] = [];
  let stopping = false;
  let stopped: Promise<void> | undefined;

  function start(): Worker {
    // Standard error is kept, not shown: TensorFlow writes notes there at every start.
    const child = fork(script, { execArgv: [], stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
    const worker: Worker = { process: child, task: undefined };
    let lastWords = '';
    let notStarted: Error | undefined;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      lastWords = (lastWords + text).slice(-lastWordsLength);
    });
    child.on('message', (message: FromWorker) => receive(worker, message));
    child.on('error', (error) => {
      notStarted = error;
    });
    // 'exit' may come before the last words, and not at all if the process could not be started.
    child.on('close', (code, signal) => {
      workers.delete(worker);
      if (worker.task) fail(worker.task, { code, signal, lastWords, notStarted });
      assign();
    });
    workers.add(worker);
    return worker;
  }

  function fail(task: Task, end: WorkerEnd): void {
    // The message of an interruption is logged on AWS. Last words may quote data.
    task.reject(stopping ? interrupted() : lost(describeDeath(task.name, end, advice)));
  }

  /** Starts a worker for a task, which fails if the system does not allow it. */
  function startFor(task: Task): Worker | undefined {
    try {
      return start();
    } catch (error) {
      // Node throws some errors of the system, such as ENOMEM, and emits others.
      if (!(error instanceof Error)) throw error;
      fail(task, { code: null, signal: null, lastWords: '', notStarted: error });
      return undefined;
    }
  }

  function receive(worker: Worker, message: FromWorker): void {
    if (message.kind === 'progress') {
      onProgress(message.progress);
      return;
    }
    const task = worker.task;
    worker.task = undefined;
    if (message.kind === 'result') task?.resolve(message.result);
    else task?.reject(deserializeError(message.error));
    assign();
  }

  function assign(): void {
    while (queue.length > 0) {
      if (stopping) {
        for (const task of queue.splice(0)) task.reject(interrupted());
        return;
      }
      const free = [...workers].find((worker) => worker.task === undefined);
      if (!free && workers.size >= size) return;
      const task = queue.shift()!;
      const worker = free ?? startFor(task);
      if (!worker) continue;
      worker.task = task;
      send(worker, { kind: 'task', task: task.name, event: task.event });
    }
  }

  return {
    invoke: (name, event) =>
      new Promise((resolve, reject) => {
        queue.push({ name, event, resolve, reject });
        assign();
      }),

    stop() {
      stopping = true;
      assign();
      stopped ??= Promise.all([...workers].map(end)).then(() => undefined);
      return stopped;
    },
  };
}

/** Makes the error that Lambda would report. */
function lost(message: string): Error {
  const error = new Error(message);
  error.name = 'Lambda.Unknown';
  return error;
}

function interrupted(): Error {
  const error = new Error('the run was stopped');
  error.name = 'InterruptedError';
  return error;
}

/** Sends a message. If the worker has died, its end, which follows, fails its task. */
function send({ process: child }: Worker, message: ToWorker): void {
  child.send(message, () => {});
}

/** Ends a worker; a busy one first keeps what it did. */
async function end(worker: Worker): Promise<void> {
  const { process: child } = worker;
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const killer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  send(worker, { kind: 'stop' });
  await gone;
  clearTimeout(killer);
}
