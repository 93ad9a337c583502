/**
 * Reads inputs one after another, in a process that may hang or die. Writes a line before and after
 * each: `start SEED`, and the result as JSON.
 *
 * Arguments: the reader, the first seed, the number of seeds and the time to stop, in ms since
 * 1970; or the reader and a file.
 */
import { writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { inputOf, samplesOf, unexpectedError } from './input.ts';
import { readers } from './readers/index.ts';

const [name, first = '', count, stop] = process.argv.slice(2);
const reader = readers.find((each) => each.name === name)!;

// Synchronously, so that the line is out before the input ends the process.
const say = (line: string) => writeSync(1, `${line}\n`);

let unhandled: string | undefined;
process.on('unhandledRejection', (error) => {
  unhandled = `unhandled: ${error instanceof Error ? error.stack : String(error)}`;
});

async function run(seed: number | string, input: Buffer): Promise<void> {
  say(`start ${seed}`);
  unhandled = undefined;
  const found = await unexpectedError(reader, input);
  // Node reports an unhandled rejection when all other work of the turn is done.
  await setImmediate();
  const error = found ?? unhandled;
  say(JSON.stringify({ error, peakMiB: Math.round(process.resourceUsage().maxRSS / 1024) }));
}

if (count === undefined) {
  await run(first, await readFile(first));
} else {
  const samples = await samplesOf(reader);
  for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
    if (Date.now() > Number(stop)) break;
    await run(seed, inputOf(reader, samples, seed));
  }
}
