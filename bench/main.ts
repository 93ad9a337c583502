/**
 * `npm run bench -- --data FOLDER [topic ...]`: every comparison of docs/performance.md, one after
 * another, on this machine. A run of all topics writes bench/results.json and the table in
 * docs/performance.md; a run of some only prints.
 */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from '../src/cli/arguments.ts';
import { reportFailure } from '../src/cli/failure.ts';
import { UserError } from '../src/errors.ts';
import { packageRoot } from '../src/package-root.ts';
import type { Bench, BenchContext } from './bench.ts';
import { runContestant } from './contestant.ts';
import { encoding } from './encoding.ts';
import { growth } from './growth.ts';
import { heads } from './heads.ts';
import { labeling } from './labeling.ts';
import { thisMachine } from './machine.ts';
import { planning } from './planning.ts';
import { peersPython } from './python.ts';
import { isMet, type Row } from './row.ts';
import { startUp } from './start-up.ts';
import { streaming } from './streaming.ts';
import { table } from './table.ts';
import { texts } from './texts.ts';
import { training } from './training.ts';
import { weights } from './weights.ts';

/** In the order of the table. */
const topics: Readonly<Record<string, Bench>> = {
  training,
  texts,
  heads,
  streaming,
  labeling,
  encoding,
  weights,
  planning,
  'start-up': startUp,
  growth,
};

const usage = `npm run bench -- --data FOLDER [${Object.keys(topics).join('] [')}]`;
const document = path.join(packageRoot, 'docs', 'performance.md');
const results = path.join(packageRoot, 'bench', 'results.json');

const say = (line: string) => console.error(line);

async function main(): Promise<void> {
  const { data, chosen } = await parseCall();
  const python = await peersPython(say);
  const scratch = await mkdtemp(path.join(tmpdir(), 'counterweight-bench-'));
  const context: BenchContext = {
    data,
    scratch,
    node: (program, args, schema) => {
      const file = path.join(import.meta.dirname, 'ours', `${program}.js`);
      return runContestant(process.execPath, [file, ...args], schema);
    },
    python: (program, args, schema) => {
      const file = path.join(packageRoot, 'bench', 'peers', `${program}.py`);
      return runContestant(python, [file, ...args], schema);
    },
    say,
  };
  const rows: Row[] = [];
  try {
    for (const topic of chosen) {
      say(`\n${topic}`);
      const found = await topics[topic]!(context);
      console.log(`\n${table(found)}`);
      rows.push(...found);
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  if (chosen.length === Object.keys(topics).length) await write(rows, python);
  console.log(`\n${rows.filter(isMet).length} of ${rows.length} are met.`);
}

async function parseCall(): Promise<{ data: string; chosen: readonly string[] }> {
  const { values, positionals } = parse();
  if (values.data === undefined) {
    throw new UsageError('--data needs the folder with cifar10/, mnist/ and adult/.');
  }
  const unknown = positionals.find((topic) => !(topic in topics));
  if (unknown !== undefined) throw new UsageError(`There is no topic "${unknown}".`);
  const data = path.resolve(values.data);
  for (const set of ['cifar10', 'mnist', 'adult']) {
    await stat(path.join(data, set)).catch(() => {
      throw new UserError(`${data} has no ${set}/`, 'docs/performance.md describes its contents.');
    });
  }
  return { data, chosen: positionals.length > 0 ? positionals : Object.keys(topics) };
}

function parse() {
  try {
    return parseArgs({ allowPositionals: true, options: { data: { type: 'string' } } });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function write(rows: readonly Row[], python: string): Promise<void> {
  const machine = await thisMachine(python);
  await writeFile(results, `${JSON.stringify({ machine, rows }, null, 2)}\n`);
  const { processor, cores, memoryGiB, system, node, tensorflow, packages, date } = machine;
  const peers = Object.entries({ Python: machine.python, ...packages });
  const about =
    `${date}, ${processor}, ${cores} cores, ${memoryGiB} GiB, ${system}; Node ${node}, TensorFlow ${tensorflow}. ` +
    `Peers: ${peers.map(([name, version]) => `${name} ${version}`).join(', ')}.`;
  const text = await readFile(document, 'utf8');
  const written = text.replace(
    /(<!-- table -->\n)[\s\S]*?(<!-- end of table -->)/,
    (_, start: string, end: string) => `${start}\n${about}\n\n${table(rows)}\n\n${end}`,
  );
  await writeFile(document, written);
}

try {
  await main();
} catch (error) {
  process.exitCode = reportFailure(error, process.stderr, usage);
}
