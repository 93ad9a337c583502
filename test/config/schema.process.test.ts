import { expect, test, vi } from 'vitest';

const packages = ['sharp', 'csv-parse', 'tar-stream', 'hyparquet', 'hyparquet-writer'];

// Functions without native code read configs too, and every command starts faster.
test('the schema loads no package that reads or decodes data', async () => {
  for (const name of packages) {
    vi.doMock(name, () => {
      throw new Error(`${name} was loaded`);
    });
  }
  vi.resetModules();
  const { configSchema } = await import('../../src/config/schema.ts');
  const parsed = configSchema.safeParse({
    task: { type: 'tabular-classification', classes: ['no', 'yes'] },
    data: { format: 'csv' },
    teacher: { onnx: 'teacher.onnx' },
    student: { architecture: 'mlp' },
  });
  expect(parsed.success).toBe(true);
  const { formats } = await import('../../src/data/formats/index.ts');
  // Otherwise the mocks would not work.
  await expect(formats.csv.load()).rejects.toThrow();
  for (const name of packages) vi.doUnmock(name);
});
