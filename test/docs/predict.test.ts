import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkArguments } from '../../src/cli/arguments.ts';
import { argumentsOf } from '../../src/cli/commands.ts';
import { predictCommand } from '../../src/cli/predict.ts';

test.each(['predict.md', 'tutorials/photos.md', 'tutorials/texts.md'])(
  'the calls of predict in docs/%s are right',
  (file) => {
    const text = readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8');
    const calls = [...text.matchAll(/^.*npx counterweight predict (.*?)(?: \|.*)?$/gm)];
    expect(calls.length).toBeGreaterThan(0);
    for (const [, words = ''] of calls) {
      const args = words.split(' ');
      checkArguments(args, argumentsOf(predictCommand));
      expect(args.length).toBeGreaterThan(1);
    }
  },
);
