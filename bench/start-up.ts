import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { run } from '#setup/run.mjs';
import { packageRoot } from '../src/package-root.ts';
import type { Bench } from './bench.ts';
import { median } from './row.ts';

const repetitions = 11;

/** From the start of a process to its first answer. */
export const startUp: Bench = async ({ scratch, node, say }) => {
  say('the command line and the label function, from nothing');
  const command = join(packageRoot, 'dist', 'src', 'cli', 'main.js');
  const help: number[] = [];
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const startMs = performance.now();
    await run(process.execPath, [command, '--help']);
    help.push(performance.now() - startMs);
  }
  const folder = join(scratch, 'start-up');
  const event = await node('prepare-label', [folder], z.object({ results: z.string() }).loose());
  const label: number[] = [];
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const { ms } = await node(
      'label-function',
      [JSON.stringify(event)],
      z.object({ ms: z.number() }),
    );
    label.push(ms);
    await rm(join(event.results, 'labels'), { recursive: true });
  }
  return [
    {
      what: '`counterweight --help`, from nothing',
      ...{ against: '–', ours: median(help), unit: 'ms', atMost: 150, figures: { help } },
    },
    {
      what: "a label function's first result after start",
      ...{ against: '–', ours: median(label), unit: 'ms', atMost: 1500, figures: { label } },
    },
  ];
};
