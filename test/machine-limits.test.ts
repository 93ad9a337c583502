import { writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { TransientError, UserError } from '../src/errors.ts';
import { explainMachineLimit } from '../src/machine-limits.ts';

/** Returns what a call throws. */
function thrownBy(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

const withCode = (code: string) => Object.assign(new Error(`${code}: it failed, open`), { code });
const tensorFlow = new Error(
  'Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[4096,1024] and type float\n\n',
);

describe('a limit of the machine is explained:', () => {
  test.each([
    ['memory of an array', thrownBy(() => new ArrayBuffer(2 ** 50)), /^memory is short: Array buf/],
    ['memory of TensorFlow', tensorFlow, /^memory is short: Invalid TF_Status: 8\nM.* type float$/],
    [
      'memory of libvips',
      new Error('vips_tracked: out of memory -- size == 96MB'),
      /^memory is short/,
    ],
    ['memory of libjpeg', new Error('VipsJpeg: Insufficient memory (case 4)'), /^memory is short/],
    ['memory of the system', withCode('ENOMEM'), /^memory is short: ENOMEM/],
    ['the files of a process', withCode('EMFILE'), /^too many files are open: EMFILE/],
    ['a quota', withCode('EDQUOT'), /^the disk is full: EDQUOT/],
    ['a broken disk', withCode('EIO'), /^a disk or another device failed: EIO/],
    ['a folder for reading', withCode('EROFS'), /^a file system is read-only: EROFS/],
    ['processes', new Error('spawn /usr/bin/node EAGAIN'), /^the system has too many processes: /],
  ])('%s', (_, error, message) => {
    const explained = explainMachineLimit(error);
    expect(explained?.message).toMatch(message);
    expect(explained?.hint).toContain('run the same command again');
  });

  test.runIf(process.platform === 'linux')('a full disk', () => {
    const error = thrownBy(() => writeFileSync('/dev/full', 'x'));
    expect(explainMachineLimit(error)?.message).toBe(
      'the disk is full: ENOSPC: no space left on device, write',
    );
  });

  test('memory of a thread', async () => {
    const program = 'const all = []; for (;;) all.push(Array.from("abcdefgh", Math.random));';
    const worker = new Worker(program, {
      eval: true,
      resourceLimits: { maxOldGenerationSizeMb: 10 },
    });
    const error = await new Promise((resolve) => worker.on('error', resolve));
    expect(explainMachineLimit(error)?.message).toMatch(/^memory is short: /);
  });
});

test.each([
  ['a mistake in the code', new RangeError('Invalid array length')],
  ['a pipe without data', withCode('EAGAIN')],
  ['an error with an explanation', new UserError('the model ran into OUT_OF_MEMORY', 'Export it.')],
  ['a failure that may pass', new TransientError('S3 ran into OUT_OF_MEMORY')],
  ['no error', 'OUT_OF_MEMORY'],
])('%s is not', (_, error) => {
  expect(explainMachineLimit(error)).toBeUndefined();
});
