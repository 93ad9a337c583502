import { afterEach, expect, test, vi } from 'vitest';
import { reportFailure } from '../../src/cli/failure.ts';
import { UserError } from '../../src/errors.ts';
import { FakeTerminal } from './terminals.ts';

afterEach(() => vi.unstubAllEnvs());

function told(error: unknown): { code: number; text: string } {
  const terminal = new FakeTerminal();
  const code = reportFailure(error, terminal, 'usage: counterweight');
  return { code, text: terminal.text };
}

test('a user error is reported with its hint only', () => {
  expect(told(new UserError('No such folder.', 'Make it.'))).toEqual({
    code: 1,
    text: 'error: No such folder.\nMake it.\n',
  });
});

test('so is an error from a worker process', () => {
  const error = new Error('No such folder.');
  error.name = 'UserError';
  expect(told(error)).toEqual({ code: 1, text: 'error: No such folder.\n' });
});

test('any other error is called a bug, with its stack only on request', () => {
  const { code, text } = told(new TypeError('x is undefined'));
  expect(code).toBe(1);
  expect(text).toContain('error: x is undefined\nThis is a bug in counterweight');
  expect(text).not.toContain('failure.test');
  vi.stubEnv('COUNTERWEIGHT_DEBUG', '1');
  expect(told(new TypeError('x is undefined')).text).toContain('failure.test');
});

test('a limit of the machine is not', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  expect(told(full)).toEqual({
    code: 1,
    text: expect.stringMatching(/^error: the disk is full: ENOSPC: .*\nFree some space, or /),
  });
});

test('a thrown value that is not an Error is reported too', () => {
  expect(told('out of luck').text).toContain('error: out of luck\n');
});
