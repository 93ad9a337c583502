import { expect, test } from 'vitest';
import { type Config, configSchema } from '../../../src/config/schema.ts';
import type { Features } from '../../../src/data/features/index.ts';
import { networksOf } from '../../../src/models/size/networks.ts';
import { membersOf } from '../../../src/models/teachers/trained-kind.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { networkSize } from '../../support/networks.ts';

const features: Features = {
  ...{ kind: 'image', height: 28, width: 28, channels: 1 },
  ...{ mean: [0], std: [1] },
};
const plan = { features, encoders: [] };

function configOf(teacher: unknown, student: unknown = { architecture: 'mlp' }): Config {
  return configSchema.parse({
    task: { type: 'image-classification', classes: ['a', 'b'], size: [28, 28], channels: 1 },
    data: { format: 'images' },
    ...{ teacher, student },
  });
}

const dense = (units: number) => ({ class_name: 'Dense', config: { name: `d${units}`, units } });
const topology = (...units: number[]) =>
  JSON.stringify({
    format: 'layers-model',
    modelTopology: {
      class_name: 'Sequential',
      config: {
        layers: [{ class_name: 'Flatten', config: { name: 'flatten' } }, ...units.map(dense)],
      },
    },
    weightsManifest: [{ paths: ['w.bin'], weights: [] }],
  });

test('networks that we train are known from the config', async () => {
  const config = configOf({ train: { architecture: 'convnet' } });
  const found = await networksOf(new MemoryStore(), config, plan, 2);
  const { student, teacher } = config;
  const [network] = membersOf(teacher);
  if (student.architecture !== 'mlp' || network?.architecture !== 'convnet') throw new Error();
  const size = networkSize(network, [28, 28, 1], 2);
  expect(found).toEqual({
    student: networkSize(student, [28, 28, 1], 2),
    teacher: size,
    members: [size],
    teacherPixels: 784,
  });
});

test('topologies are read, of the student and of a LayersModel', async () => {
  const store = new MemoryStore({
    'net.json': topology(10, 2),
    'teacher/model.json': topology(50, 2),
    'teacher/w.bin': Buffer.alloc(8),
  });
  const config = configOf(
    { layersModel: 'teacher/model.json' },
    { architecture: 'layers-model', topology: 'net.json' },
  );
  const { student, teacher } = await networksOf(store, config, plan, 2);
  expect(student.macs).toBe(784 * 10 + 10 * 2);
  expect(teacher.macs).toBe(784 * 50 + 50 * 2);
});

test('of another teacher the files tell, and the size that it sees', async () => {
  const store = new MemoryStore({
    'teacher.onnx': Buffer.alloc(40_000),
  });
  const config = configOf({ onnx: 'teacher.onnx', size: [448, 448] });
  const { teacher, teacherPixels } = await networksOf(store, config, plan, 2);
  expect(teacherPixels).toBe(448 * 448);
  expect(teacher.macs).toBe(10_000 * 150 * 4);
});

test('stored predictions need no work', async () => {
  const store = new MemoryStore({ 'answers/a.parquet': Buffer.alloc(1e6) });
  const config = configOf({ predictions: 'answers' });
  expect((await networksOf(store, config, plan, 2)).teacher.macs).toBe(0);
});

test.each([
  ['is missing', {}, 'is missing'],
  ['is not JSON', { 'net.json': 'no JSON' }, "'net.json' is not JSON"],
  ['is not a topology', { 'net.json': '[]' }, "'net.json' has no topology"],
])('a topology that %s is refused', async (_, files, message) => {
  const config = configOf(
    { train: { architecture: 'mlp' } },
    { architecture: 'layers-model', topology: 'net.json' },
  );
  const found = networksOf(new MemoryStore(files), config, plan, 2);
  await expect(found).rejects.toThrow(message);
});
