import { expect, test, vi } from 'vitest';

test('a machine without TensorFlow gets our own hint', async () => {
  vi.doMock('@tensorflow/tfjs-node', () => {
    throw new Error('Please run npm rebuild');
  });
  await expect(import('../src/tensorflow.ts')).rejects.toMatchObject({
    name: 'UserError',
    message: expect.stringMatching(/^TensorFlow cannot be loaded/),
    hint: expect.stringContaining('counterweight doctor'),
  });
});
