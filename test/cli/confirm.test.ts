import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { confirm } from '../../src/cli/confirm.ts';

function dialog(isTTY = true) {
  return { input: Object.assign(new PassThrough(), { isTTY }), output: new PassThrough() };
}

test.each([
  ['Counterweight\n', true],
  [' Counterweight \n', true],
  ['yes\n', false],
  ['\n', false],
])('%j is %s', async (typed, expected) => {
  const { input, output } = dialog();
  const answer = confirm('Type Counterweight:', 'Counterweight', { input, output });
  input.write(typed);
  expect(await answer).toBe(expected);
  expect(String(output.read())).toContain('Type Counterweight: ');
});

test('the end of input is not a confirmation', async () => {
  const { input, output } = dialog();
  const answer = confirm('Continue?', 'yes', { input, output });
  input.end();
  expect(await answer).toBe(false);
});

test('without a terminal, --yes is required', async () => {
  await expect(confirm('Continue?', 'yes', dialog(false))).rejects.toThrow(
    /standard input is not a terminal/,
  );
});
