import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { Questions } from '../../src/cli/ask.ts';

const question = { text: 'Which?', answers: { first: 'one', second: 'another' } };

/** Types some text, and ends the input. */
function questionsOn(typed: string) {
  const [input, output] = [new PassThrough(), new PassThrough()];
  input.end(typed);
  return { questions: new Questions({ input, output }), shown: () => String(output.read()) };
}

test.each([
  ['\n', 'first'],
  ['2\n', 'second'],
  ['second\n', 'second'],
  ['third\n7\n second \n', 'second'],
  ['', 'first'],
  ['third\n', 'first'],
])('%j chooses %s', async (typed, expected) => {
  const { questions, shown } = questionsOn(typed);
  expect(await questions.choose(question)).toBe(expected);
  expect(shown()).toContain('\nWhich?\n  1  first   one\n  2  second  another\nChoose [1]: ');
});

test('answers may be typed ahead, and a text may be empty', async () => {
  const { questions } = questionsOn('  hf:owner/name \n\n2\n');
  expect(await questions.askText('Name?')).toBe('hf:owner/name');
  expect(await questions.askText('Name?')).toBeUndefined();
  expect(await questions.choose(question)).toBe('second');
  expect(await questions.askText('Name?')).toBeUndefined();
});

test('Ctrl-C chooses nothing', async () => {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const output = Object.assign(new PassThrough(), { isTTY: true });
  const questions = new Questions({ input, output });
  const chosen = questions.choose(question);
  input.write('\x03');
  await expect(chosen).rejects.toMatchObject({ name: 'InterruptedError' });
});
