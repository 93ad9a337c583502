import { configSchema } from '../../src/config/schema.ts';
import type { RunWork } from '../../src/cost/work.ts';
import type { Features } from '../../src/data/features/index.ts';
import { sizeOfFile } from '../../src/models/size/network-size.ts';
import type { SetSize } from '../../src/run/estimate-file.ts';
import { networkSize } from '../support/networks.ts';

/** A dataset on paper. */
export interface PaperRun {
  readonly unlabeled: number;
  readonly labeled: number;
  readonly test: number;
  readonly exampleBytes: number;
  readonly format: 'webdataset' | 'parquet';
  readonly features: Features;
  readonly classes: number;
  readonly teacherMb: number;
  readonly student: Record<string, unknown>;
  readonly trainer: 'gpu' | 'function';
  readonly shardMiB: number;
  readonly variants: number;
}

export function runWork(run: PaperRun): RunWork {
  const { features, classes, shardMiB, format, trainer } = run;
  const config = configSchema.parse({
    task: taskOf(features),
    data: { format, shardMiB },
    teacher: { onnx: 'teacher.onnx' },
    student: run.student,
    trainer,
  });
  const shape =
    features.kind === 'image'
      ? [features.height, features.width, features.channels]
      : [features.kind === 'vector' ? features.length : 1];
  const { student } = config;
  if (student.architecture === 'layers-model') throw new Error('not on paper');
  const set = (examples: number): SetSize => {
    const bytes = examples * run.exampleBytes;
    const shards = Math.ceil(bytes / (shardMiB * 2 ** 20));
    return { shards, pieces: shards, bytes, examples, counted: true };
  };
  return {
    config,
    classes,
    features,
    sets: {
      labeled: set(Math.ceil(run.labeled / 2)),
      validation: set(Math.ceil(run.labeled / 2)),
      test: set(run.test),
      unlabeled: set(run.unlabeled),
    },
    networks: {
      student: networkSize(student, shape, classes),
      teacher: sizeOfFile(run.teacherMb * 1e6, shape),
      members: [],
      teacherPixels: features.kind === 'image' ? features.height * features.width : 0,
    },
    baselines: 2,
    trainings: Array.from({ length: run.variants }, () => 1),
    encoders: [],
    labeledShards: 0,
    embeddedShards: 0,
  };
}

/** Has two classes, which are not read: the number of classes is a field of its own. */
function taskOf(features: Features) {
  const classes = ['no', 'yes'];
  if (features.kind !== 'image') return { type: 'vector-classification', classes, length: 1 };
  const { height, width, channels } = features;
  return { type: 'image-classification', classes, size: [height, width], channels };
}
