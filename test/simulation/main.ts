/**
 * The command `npm run simulate`: simulates seeds and prints what was found.
 *
 *     npm run simulate -- --seeds 10000
 *     npm run simulate -- --seed 4711
 *     npm run simulate -- --defect no-condition
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { type Defect, defectNames, defects } from './defects.ts';
import { faultKinds } from './faults.ts';
import { type Outcome, simulate } from './simulate.ts';

const { values } = parseArgs({
  options: {
    /** Number of seeds, from `--from` on. */
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    /** Simulates one seed. */
    seed: { type: 'string' },
    /** Plants a defect, and stops at the first seed that finds it. `all`: each in turn. */
    defect: { type: 'string' },
  },
});

if (values.defect === 'all') {
  for (const defect of defectNames) await find(defect);
} else if (values.defect !== undefined) {
  const named = defectNames.find((name) => name === values.defect);
  if (named) await find(named);
  else refuse(values.defect);
} else {
  await simulateSeeds();
}

/** Simulates seeds without a defect. */
async function simulateSeeds(): Promise<void> {
  const [first, count] =
    values.seed === undefined
      ? [Number(values.from), Number(values.seeds)]
      : [Number(values.seed), 1];
  const startedAt = performance.now();
  const outcomes: Outcome[] = [];
  const take = (outcome: Outcome) => {
    outcomes.push(outcome);
    if (outcome.violation !== undefined) printViolation(outcome);
  };
  const workers = Math.min(availableParallelism(), count);
  await Promise.all(
    Array.from({ length: workers }, (_, index) =>
      simulateEvery({ first: first + index, last: first + count - 1, step: workers }, take),
    ),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  printSummary(outcomes, seconds);
  const isWhole = outcomes.length === count;
  if (!isWhole) print(`only ${outcomes.length} of ${count} seeds ran`);
  const isRight = outcomes.every(({ violation }) => violation === undefined);
  if (!isWhole || !isRight) process.exitCode = 1;
}

/** Simulates every n-th seed in a thread of its own. */
function simulateEvery(
  seeds: { readonly first: number; readonly last: number; readonly step: number },
  take: (outcome: Outcome) => void,
): Promise<void> {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: seeds });
  return new Promise((resolve, reject) => {
    worker
      .on('message', take)
      .on('error', reject)
      .on('exit', (code) => {
        if (code === 0) resolve();
        else reject(new Error(`a worker ended with ${code}, before its last seed`));
      });
  });
}

/** Prints after how many seeds a planted defect is found. */
async function find(defect: Defect): Promise<void> {
  const first = Number(values.from);
  const last = first + Number(values.seeds) - 1;
  for (let seed = first; seed <= last; seed++) {
    const { kind, violation } = await simulate(seed, defect);
    if (violation === undefined) continue;
    const [what] = violation.split('\n');
    print(
      `| ${`\`${defect}\``.padEnd(23)} | ${String(seed - first + 1).padStart(5)} | ${kind.padEnd(14)} | ${what} |`,
    );
    return;
  }
  print(`${defect}: not found by ${values.seeds} seeds`);
  process.exitCode = 1;
}

function refuse(name: string): void {
  const list = Object.entries(defects).map(([one, effect]) => `  ${one}: ${effect}`);
  print(`there is no defect '${name}'. The defects are:\n${list.join('\n')}`);
  process.exitCode = 1;
}

function printViolation({ seed, violation }: Outcome): void {
  print(`seed ${seed} ${violation}\n  to see it again: npm run simulate -- --seed ${seed}`);
}

function printSummary(outcomes: readonly Outcome[], seconds: number): void {
  const kinds = new Map<string, number>();
  for (const { kind } of outcomes) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const days = outcomes.reduce((sum, { simulatedMs }) => sum + simulatedMs, 0) / 86_400_000;
  const violations = outcomes.filter(({ violation }) => violation !== undefined).length;
  print(
    `${outcomes.length} seeds (${[...kinds].map(([kind, n]) => `${kind} ${n}`).join(', ')}), ` +
      `${days.toFixed(0)} simulated days, ${seconds.toFixed(1)} seconds`,
  );
  for (const fault of faultKinds) {
    const count = outcomes.reduce((sum, { faults }) => sum + (faults.get(fault) ?? 0), 0);
    print(`${String(count).padStart(8)}  ${fault}`);
  }
  print(`${violations} violations`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
