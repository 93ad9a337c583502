import { defineCommand } from 'citty';
import { removals } from '../distill/verify/removals.ts';
import type { Verification } from '../distill/verify/verify-run.ts';
import { counted } from '../format.ts';
import { jsonOption, resultsOption } from './arguments.ts';

/** Exit code if objects are damaged, or have lost their checksum. */
const damagedCode = 1;

export const verifyCommand = defineCommand({
  meta: { name: 'verify', description: 'Check all files of a run against their checksums' },
  args: {
    run: {
      type: 'positional',
      description: 'Name of the run, as listed by "counterweight runs"',
      required: true,
    },
    results: resultsOption,
    json: jsonOption,
  },
  async run({ args: { run, results, json } }) {
    const [{ verifyRun }, { openStore }] = await Promise.all([
      import('../distill/verify/verify-run.ts'),
      import('../store/open.ts'),
    ]);
    const store = await openStore(results, 'time');
    const found = await verifyRun(store, run);
    const text = json ? JSON.stringify(found, null, 2) : renderVerification(found, store.location);
    process.stdout.write(`${text}\n`);
    if (found.damaged.length + found.unchecked.length > 0) process.exitCode = damagedCode;
  },
});

/** Describes the result for people, with the command that removes what is damaged. */
export function renderVerification(
  { run, isFinished, intact, damaged, unchecked }: Verification,
  location: string,
): string {
  return [
    `${counted(intact, 'file')} of ${run} ${intact === 1 ? 'is' : 'are'} as written.`,
    ...(isFinished ? [] : ['The run has not finished.']),
    ...(unchecked.length > 0
      ? ['', `${counted(unchecked.length, 'file')} without a checksum:`, ...indented(unchecked)]
      : []),
    ...(damaged.length > 0
      ? [
          '',
          `${counted(damaged.length, 'file')} not as written:`,
          ...indented(damaged.map(({ key, how }) => `${key} ${how}`)),
          '',
          'Copy them again; or remove them with what depends on them, and run the workflow again:',
          ...indented(removals(damaged, location)),
        ]
      : []),
  ].join('\n');
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
