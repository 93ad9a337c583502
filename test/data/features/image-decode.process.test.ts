import sharp from 'sharp';
import { expect, test, vi } from 'vitest';
import { createEncoder } from '../../../src/data/features/index.ts';

vi.mock('../../../src/data/features/jpeg-decode.ts', () => ({
  decodeJpegs: () => Promise.reject(new Error('out of memory')),
}));

test('a failure of the thread is an error of the task and rejects no image', async () => {
  const create = { width: 8, height: 8, channels: 3, background: '#a53' } as const;
  const bytes = await sharp({ create }).jpeg().toBuffer();
  const { decode } = createEncoder({
    ...{ kind: 'image', height: 8, width: 8, channels: 3 },
    ...{ mean: [0, 0, 0], std: [1, 1, 1] },
  });
  const example = { id: 'a', label: undefined, content: { kind: 'image', bytes } } as const;
  await expect(decode(example)).rejects.toThrow('Error: out of memory');
});
