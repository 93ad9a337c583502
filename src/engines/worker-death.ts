/** Explains why a worker process died, and what the user can do. */
import { type StageName, stages } from '../stages/index.ts';

/** Characters of the last words that a message shows. */
const shownLength = 2000;

/** End of a worker process that did not answer its task. */
export interface WorkerEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Last part of its standard error: a full heap writes several thousand characters. */
  readonly lastWords: string;
  /** Reason why the system could not start it. */
  readonly notStarted?: Error | undefined;
}

/** Advice for the user of a pool, as sentences. */
export interface DeathAdvice {
  /** Command to continue the run. */
  readonly resume: string;
  /** Command to continue with less memory. */
  readonly lessMemory: string;
  /** Command to continue with more memory for JavaScript. */
  readonly largerHeap: string;
}

/** Reason of a death, as the end of a sentence, with the advice that avoids it. */
interface Reason {
  readonly why: string;
  advice(advice: DeathAdvice): string;
}

const memoryIsShort: Reason = {
  why: 'the system does this if memory is short',
  advice: ({ lessMemory }) => lessMemory,
};

/** Reasons that the last words show. */
const wordsOfReasons: readonly (readonly [RegExp, Reason])[] = [
  [
    /JavaScript heap out of memory/,
    {
      why: 'the memory that Node allows for JavaScript is full',
      advice: ({ largerHeap }) => largerHeap,
    },
  ],
  [
    /std::bad_alloc|cannot allocate memory|out of memory/i,
    { why: 'memory is short', advice: ({ lessMemory }) => lessMemory },
  ],
];

/** Reasons that the signal shows. */
const reasonsOfSignals: { readonly [signal in NodeJS.Signals]?: Reason } = {
  SIGKILL: memoryIsShort,
  SIGBUS: {
    why: 'the system does this if a disk is full or fails, such as /dev/shm',
    advice: ({ resume }) => `Free some space on the disks, see: df -h. ${resume}`,
  },
  SIGILL: {
    why: 'this processor lacks an instruction of the program',
    advice: () => 'TensorFlow needs a processor with AVX on x86-64. Use another machine.',
  },
  SIGXCPU: {
    why: 'it reached the limit of processor time',
    advice: ({ resume }) => `Raise the limit, see: ulimit -t. ${resume}`,
  },
};

/** A death without a known reason. */
const again = 'If a process ends in this way again, report a bug with this message.';

/**
 * Describes the death as the failure of a task, in the form of `src/stages/entry.ts`: the stage,
 * the message, an empty line, the hint.
 */
export function describeDeath(task: StageName, end: WorkerEnd, advice: DeathAdvice): string {
  const { title } = stages[task];
  const { notStarted } = end;
  if (notStarted) {
    return `${title}: no worker process could be started: ${notStarted.message}\n\n${advice.lessMemory}`;
  }
  const how = `the worker process ended early (${end.signal ?? `exit code ${end.code}`})`;
  const reason = reasonOf(end);
  if (reason) return `${title}: ${how}: ${reason.why}\n\n${reason.advice(advice)}`;
  // An empty line would end the message.
  const words = end.lastWords
    .slice(-shownLength)
    .trim()
    .replace(/\n\s*\n/g, '\n');
  return `${title}: ${[how, words].filter(Boolean).join('\n')}\n\n${advice.resume} ${again}`;
}

function reasonOf({ signal, lastWords }: WorkerEnd): Reason | undefined {
  const [, byWords] = wordsOfReasons.find(([words]) => words.test(lastWords)) ?? [];
  return byWords ?? (signal ? reasonsOfSignals[signal] : undefined);
}
