import { expect, test } from 'vitest';
import { asTyped } from '../../src/cli/as-typed.ts';

const npx = { npm_command: 'exec' };

test.each([
  ['Next: counterweight plan digits', 'Next: npx counterweight plan digits'],
  ['counterweight add-labels a b', 'npx counterweight add-labels a b'],
  ['npx counterweight run digits', 'npx counterweight run digits'],
  ['This is a bug in counterweight, or an error', 'This is a bug in counterweight, or an error'],
  ['node_modules/.bin/counterweight run a', 'node_modules/.bin/counterweight run a'],
  ['counterweight plans nothing', 'counterweight plans nothing'],
])('%s', (text, expected) => {
  expect(asTyped(text, npx)).toBe(expected);
  expect(asTyped(text, {})).toBe(text);
  expect(asTyped(text, { npm_command: 'run-script' })).toBe(text);
});
