import { describe, expect, test } from 'vitest';
import { estimate } from '../../src/cost/estimate.ts';
import { machineMemoryWarnings, trainingBytes } from '../../src/cost/memory.ts';
import { networkSchema } from '../../src/models/networks/index.ts';
import { networkSize } from '../support/networks.ts';
import { type PaperRun, runWork } from './run-work.ts';

const mib = 2 ** 20;

test.each([
  // Peaks of the process in MiB, of a graph step on two cores.
  ['mobilenetv2', 64, 32, 775],
  ['mobilenetv2', 128, 16, 939],
  ['mobilenetv2', 224, 24, 2185],
  ['efficientnet-lite0', 96, 64, 1415],
  ['efficientnet-lite0', 224, 8, 1189],
  ['resnet18', 64, 128, 1100],
  ['resnet18', 224, 8, 969],
  ['resnet50', 64, 32, 1204],
  ['resnet50', 160, 8, 1367],
])(
  'the estimate for %s at %i pixels, in batches of %i, is near the measured one',
  (name, side, batchSize, peak) => {
    const network = networkSchema.parse({ architecture: name });
    const needed = trainingBytes(networkSize(network, [side, side, 3], 10), batchSize) / mib;
    expect(needed / peak).toBeGreaterThan(0.94);
    expect(needed / peak).toBeLessThan(1.12);
  },
);

const run = (student: object, changes: Partial<PaperRun> = {}) =>
  runWork({
    ...{ unlabeled: 20_000, labeled: 1000, test: 1000, exampleBytes: 50_000, format: 'webdataset' },
    features: {
      ...{ kind: 'image', height: 224, width: 224, channels: 3 },
      ...{ mean: [0, 0, 0], std: [1, 1, 1] },
    },
    student: { architecture: 'mobilenetv2', epochs: 1, ...student },
    ...{ classes: 10, teacherMb: 8, trainer: 'function', shardMiB: 64, variants: 2 },
    ...changes,
  });

describe('in functions', () => {
  const warnings = (...given: Parameters<typeof run>) =>
    estimate(run(...given)).warnings.filter((text) => text.includes('of memory'));

  test('the default batch of large images is too large, and the warning has a batch that fits', () => {
    const [warning, ...others] = warnings({});
    expect(warning).toMatch(
      /^a student would take about 9.* GiB of memory to train in batches of 128, and its function has 2.9 GiB: set student.batchSize to 32.$/,
    );
    expect(others).toEqual([]);
    expect(warnings({ batchSize: 32 })).toEqual([]);
  });

  test('the first student is trained there also if a GPU trains the others', () => {
    expect(warnings({}, { trainer: 'gpu' })).toEqual([
      expect.stringContaining('the first student'),
    ]);
  });

  test('a batch has no more examples than there are', () => {
    expect(warnings({}, { labeled: 4, unlabeled: 6 })).toEqual([]);
  });

  test('an image that does not fit alone has no batch', () => {
    const side = { height: 2048, width: 2048, channels: 3 as const };
    const features = { kind: 'image' as const, ...side, mean: [0, 0, 0], std: [1, 1, 1] };
    const [warning] = warnings({ architecture: 'resnet', width: 64 }, { features });
    expect(warning).toMatch(/set task.size to smaller images/);
  });

  test('only images can be made smaller', () => {
    const features = { kind: 'vector' as const, length: 2 ** 20 };
    const [warning] = warnings({ architecture: 'mlp', width: 4096 }, { features });
    expect(warning).toMatch(/: use a smaller network\.$/);
  });
});

describe('on one machine', () => {
  const found = (machine: number, cores: number, batchSize = 32) => [
    ...machineMemoryWarnings(run({ batchSize }), machine * 2 ** 30, cores),
  ];

  test('students that are trained at the same time count together', () => {
    expect(found(16, 2)).toEqual([]);
    expect(found(6, 2)).toEqual([
      expect.stringMatching(/^2 students at a time would .* this machine has 6.0 GiB: .* to 16\.$/),
    ]);
    expect(found(6, 1)).toEqual([]);
  });

  test('a teacher that is trained is checked, by its place in the list', () => {
    const work = run({ batchSize: 1 });
    const large = networkSchema.parse({ architecture: 'mobilenetv2', batchSize: 128 });
    const teacher = { ...work.config.teacher, train: [large, large] };
    const { student } = work.networks;
    const members = [student, { ...student, outputs: 0 }];
    const trained = {
      ...work,
      config: { ...work.config, teacher },
      networks: { ...work.networks, members },
    };
    expect([...machineMemoryWarnings(trained, 8 * 2 ** 30, 2)]).toEqual([
      expect.stringMatching(/^a teacher would .*: set teacher\.train\[0\]\.batchSize to 64\.$/),
    ]);
  });
});
