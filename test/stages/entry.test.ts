import { expect, it as test } from 'vitest';
import { z } from 'zod';
import { StalledError, TransientError, UserError } from '../../src/errors.ts';
import { entry } from '../../src/stages/entry.ts';

const context = { signal: new AbortController().signal, report: () => {} };

const failing = (error: Error) =>
  entry('Label', z.string(), () => Promise.reject(error))('shard', context);

test('puts the stage in front of the message, and the hint behind it', async () => {
  await expect(failing(new UserError('no teacher', 'Name one.'))).rejects.toThrow(
    'Label: no teacher\n\nName one.',
  );
  await expect(failing(new StalledError('no progress', 'Wait.'))).rejects.toThrow(
    'Label: no progress\n\nWait.',
  );
  await expect(failing(new TransientError('busy', { hint: 'Wait.' }))).rejects.toThrow(
    'Label: busy\n\nWait.',
  );
});

test('explains a limit of the machine', async () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  await expect(failing(full)).rejects.toMatchObject({
    name: 'UserError',
    message: expect.stringMatching(/^Label: the disk is full: ENOSPC: .*\n\nFree some space/),
  });
});

test('names the stage of an error whose message cannot be set', async () => {
  const aborted = AbortSignal.abort().reason;
  expect(aborted).toBeInstanceOf(DOMException);
  await expect(failing(aborted)).rejects.toThrow('Label: This operation was aborted');
  await expect(failing(aborted)).rejects.toBe(aborted);
});
