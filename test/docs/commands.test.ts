/** Checks the calls of `counterweight` in the documents: commands, options and arguments. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'citty';
import { describe, expect, test } from 'vitest';
import { checkArguments } from '../../src/cli/arguments.ts';
import { argumentsOf, commands } from '../../src/cli/commands.ts';

const root = join(import.meta.dirname, '../..');

/** Calls in blocks of code, and in the text if they start with `npx`. */
function callsOf(text: string): string[] {
  const inBlocks = text.matchAll(/^(?:[^`\n]*\| )?npx counterweight (.*?)(?: [|#].*)?$/gm);
  const inText = text.matchAll(/`(?:[^`\n]*\| )?npx counterweight ([^`\n]+)`/g);
  return [...inBlocks, ...inText].map(([, call = '']) => call.trim());
}

const inDocs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
const pages = inDocs.filter((file) => file.endsWith('.md')).map((file) => join('docs', file));
const documents = ['README.md', ...pages]
  .map((file) => [file, callsOf(readFileSync(join(root, file), 'utf8'))] as const)
  .filter(([, calls]) => calls.length > 0);

test('every tutorial has calls', () => {
  const found = documents.map(([file]) => file);
  expect(found).toEqual(expect.arrayContaining(pages.filter((file) => file.includes('tutorials'))));
});

describe.each(documents)('the calls of counterweight in %s are right', (_, calls) => {
  test.each(calls)('%s', async (call) => {
    const [name = '', ...words] = call.split(/ +/);
    const definitions = argumentsOf(await commands[name]!.load());
    checkArguments(words, definitions);
    // Throws if an argument is missing.
    parseArgs(words, definitions);
  });
});
