import { expect, test } from 'vitest';
import { nameVariable } from '../../src/aws/deployment-name.ts';
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

test.each([
  ['Next: counterweight upload FOLDER', 'Next: counterweight upload --name blue FOLDER'],
  ['counterweight status', 'counterweight status --name blue'],
  ['counterweight run digits', 'counterweight run digits'],
  ['counterweight starts', 'counterweight starts'],
])('names the deployment in a command that uses one: %s', (text, expected) => {
  const blue = { [nameVariable]: 'blue' };
  expect(asTyped(text, blue)).toBe(expected);
  expect(asTyped(expected, blue)).toBe(expected);
  const both = asTyped(text, { ...blue, ...npx });
  expect(both).toBe(asTyped(expected, npx));
  expect(asTyped(both, { ...blue, ...npx })).toBe(both);
});
