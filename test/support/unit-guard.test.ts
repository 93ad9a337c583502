/** Tests, in a unit test, the guards of unit tests. */
import childProcess, { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test, vi } from 'vitest';

describe('a unit test', () => {
  test.each([
    ['@tensorflow/tfjs-node', 'tensorflow'],
    ['@tensorflow/tfjs-core', 'tensorflow'],
    ['onnxruntime-node', 'tensorflow'],
    ['aws-cdk-lib', 'cdk'],
    ['aws-cdk-lib/assertions', 'cdk'],
    ['counterweight', 'process'],
  ])('cannot load %s, and the error names the suffix of a file that can', async (name, suffix) => {
    await expect(import(name)).rejects.toThrow(
      `A unit test does not load ${name}: name the file *.${suffix}.test.ts`,
    );
  });

  test('cannot load a source file that loads TensorFlow', async () => {
    await expect(import('../../src/train/eager-step.ts')).rejects.toThrow('*.tensorflow.test.ts');
  });

  test.each([
    'exec',
    'execFile',
    'execFileSync',
    'execSync',
    'fork',
    'spawn',
    'spawnSync',
  ] as const)('cannot start a process by %s', (name) => {
    expect(() => childProcess[name]('ls')).toThrow('A unit test does not start ls');
  });

  test('cannot start one by what it imports of node:child_process', async () => {
    expect(() => spawn('ls')).toThrow('name the file *.process.test.ts');
    await expect(promisify(execFile)('ls')).rejects.toThrow('A unit test does not start ls');
  });

  test('cannot replace a module, which other test files share', () => {
    for (const replace of [vi.doMock, vi.resetModules]) {
      expect(() => replace('../../src/errors.ts')).toThrow('name the file *.process.test.ts');
    }
  });

  test('may load sharp, which comes ready with the packages', async () => {
    const { default: sharp } = await import('sharp');
    expect(
      await sharp({ create: { width: 1, height: 1, channels: 3, background: '#123' } })
        .raw()
        .toBuffer(),
    ).toEqual(Buffer.of(0x11, 0x22, 0x33));
  });
});
