import { expect, test, vi } from 'vitest';

test('telemetry is off before the library of onnxruntime is loaded', async () => {
  vi.stubEnv('ORT_DISABLE_TELEMETRY', undefined);
  let atLoad: string | undefined;
  vi.doMock('onnxruntime-node', () => {
    atLoad = process.env.ORT_DISABLE_TELEMETRY;
    return { InferenceSession: class {}, Tensor: class {} };
  });
  await import('../src/onnxruntime.ts');
  expect(atLoad).toBe('1');
});
