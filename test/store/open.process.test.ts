import { expect, test, vi } from 'vitest';

test('opening a folder does not load the AWS SDK', async () => {
  vi.doMock('@aws-sdk/client-s3', () => {
    throw new Error('loaded');
  });
  const { openStore } = await import('../../src/store/open.ts');
  await openStore('data');
  await expect(openStore('s3://my-bucket')).rejects.toThrow();
});
