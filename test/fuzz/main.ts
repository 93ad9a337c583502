/**
 * `npm run fuzz -- --minutes 10 [READER ...]`: reads changed files and counts those that end the
 * process, do not return, or end in an error that is none of ours. `--seed` continues at a number;
 * `--file FILE READER` reads one file.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from '../../src/cli/arguments.ts';
import { reportFailure } from '../../src/cli/failure.ts';
import { inputOf, samplesOf } from './input.ts';
import type { FuzzedReader } from './reader.ts';
import { readers } from './readers/index.ts';
import { type Finding, type Outcome, watch } from './watch.ts';

/** Most memory that a process may take, in MiB. */
const maxMiB = 500;

/** Inputs per process: its peak memory is that of all of them. */
const batch = 200;

const names = readers.map(({ name }) => name);
const usage = `npm run fuzz -- [--minutes 10] [--seed 1] [--file FILE] [${names.join('] [')}]`;

async function main(): Promise<boolean> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      minutes: { type: 'string', default: '10' },
      seed: { type: 'string', default: '1' },
      file: { type: 'string' },
      out: { type: 'string', default: 'fuzz-findings' },
    },
  });
  const unknown = positionals.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new UsageError(`There is no reader "${unknown}".`);
  const chosen = readers.filter(
    ({ name }) => positionals.length === 0 || positionals.includes(name),
  );
  if (values.file !== undefined) return replay(chosen, values.file);
  const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
  if (!(minutes > 0) || !Number.isSafeInteger(seed)) throw new UsageError('Expected numbers.');
  let clean = true;
  for (const reader of chosen) {
    const found = await fuzz(reader, (minutes * 60_000) / chosen.length, seed, values.out);
    clean &&= found === 0;
  }
  return clean;
}

/** Reads one file; returns whether that is as it should be. */
async function replay(chosen: readonly FuzzedReader[], file: string): Promise<boolean> {
  if (chosen.length !== 1) throw new UsageError('Name the reader of the file.');
  let clean = true;
  await watch([chosen[0]!.name, path.resolve(file)], ({ finding, text, peakMiB }) => {
    clean = finding === undefined;
    console.log(finding === undefined ? `read or refused, ${peakMiB} MiB` : `${finding}: ${text}`);
  });
  return clean;
}

/** Reads inputs for a time, and prints the counts; returns the number of findings. */
async function fuzz(
  reader: FuzzedReader,
  milliseconds: number,
  first: number,
  folder: string,
): Promise<number> {
  const samples = await samplesOf(reader);
  const counts: Record<Finding, number> = { hang: 0, crash: 0, exception: 0 };
  let [peak, next] = [0, first];
  const failures: Outcome[] = [];
  for (const end = Date.now() + milliseconds; Date.now() < end; ) {
    await watch([reader.name, String(next), String(batch), String(end)], (outcome) => {
      next = Number(outcome.seed) + 1;
      peak = Math.max(peak, outcome.peakMiB ?? 0);
      if (outcome.finding === undefined) return;
      counts[outcome.finding]++;
      failures.push(outcome);
    });
    for (const { seed, finding, text } of failures.splice(0)) {
      const file = path.join(folder, `${reader.name}-${seed}`);
      await mkdir(folder, { recursive: true });
      await writeFile(file, inputOf(reader, samples, Number(seed)));
      console.log(`${reader.name}, seed ${seed}: ${finding}, in ${file}\n${text}`);
    }
  }
  const { hang, crash, exception } = counts;
  console.log(
    `${reader.name}: ${next - first} inputs (seeds ${first} to ${next - 1}), ${crash} crashes, ${hang} hangs, ${exception} unexpected exceptions, at most ${peak} MiB`,
  );
  return hang + crash + exception + (peak > maxMiB ? 1 : 0);
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  process.exitCode = reportFailure(error, process.stderr, usage);
}
