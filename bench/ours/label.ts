/**
 * Labels a tar of JPEG as the stage Label does: node label.js FOLDER ROUNDS
 *
 * FOLDER is from label_data.py; labels.parquet stays there. After a first round, prints the seconds
 * of each, and of its two halves alone: reading and decoding, and the teacher's inference.
 */

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchema } from '../../src/config/schema.ts';
import { readAhead } from '../../src/data/ahead.ts';
import { cutShards } from '../../src/data/cut.ts';
import { isRejected } from '../../src/data/example.ts';
import { image } from '../../src/data/features/image.ts';
import { createEncoder, type Features, featureShape } from '../../src/data/features/index.ts';
import { webdataset } from '../../src/data/formats/webdataset.ts';
import { readExamples } from '../../src/data/read.ts';
import type { Shard } from '../../src/data/shard.ts';
import { oneClass } from '../../src/debias/decisions.ts';
import { labelExamples } from '../../src/distill/label-examples.ts';
import { openTeacher } from '../../src/models/open-teacher.ts';
import type { Teacher } from '../../src/models/teacher.ts';
import { teacherDigest } from '../../src/models/teacher-digest.ts';
import { openStore } from '../../src/store/open.ts';
import type { ObjectStore } from '../../src/store/store.ts';
import { stopwatch } from './stopwatch.ts';

const classes = 10;
const half = [0.5, 0.5, 0.5];
const config = configSchema.parse({
  task: { type: image.task, classes: 'classes.json', size: [32, 32] },
  data: { format: webdataset.name },
  teacher: { savedModel: 'teacher', mean: half, std: half },
  student: { architecture: 'convnet' },
});
const pixels: Features = {
  ...{ kind: image.name, height: 32, width: 32, channels: 3 },
  ...{ mean: half, std: half },
};

async function open(store: ObjectStore) {
  const names = Array.from({ length: classes }, (_, index) => String(index));
  const digest = await teacherDigest(store, config.teacher, pixels, names);
  const scratch = join(tmpdir(), 'counterweight-bench-teacher');
  const options = { store, config: config.teacher, features: pixels, digest, scratch };
  return openTeacher({ ...options, classes: names });
}

async function* examples(store: ObjectStore, shards: readonly Shard[]) {
  for (const shard of shards) yield* readExamples(store, shard, config);
}

async function decodeAll(store: ObjectStore, shards: readonly Shard[], room: number) {
  const encoder = createEncoder(pixels);
  let count = 0;
  for await (const item of readAhead(examples(store, shards), room, async (item) =>
    isRejected(item) ? item : encoder.decode(item),
  )) {
    if ('reason' in item) throw new Error(item.reason);
    count++;
  }
  return count;
}

async function answerAll(teacher: Teacher, count: number) {
  const { batchSize } = teacher;
  const ids = Array.from({ length: batchSize }, (_, index) => String(index));
  const values = new Float32Array(batchSize * featureShape(pixels).reduce((a, b) => a * b));
  const rows = { n: batchSize, values };
  for (let done = 0; done < count; done += batchSize) await teacher.predict({ ids, rows });
}

const [folder = '', rounds = ''] = process.argv.slice(2);
const store = await openStore(folder);
const shards: Shard[] = [];
for await (const shard of cutShards(store, 'unlabeled', 'unlabeled/', config)) {
  shards.push(shard);
}
const { teacher, features } = await open(store);
const labeling = { teacher, features, decisions: oneClass(classes) };
const result: Record<'seconds' | 'decoding' | 'answering', number[]> = {
  ...{ seconds: [], decoding: [], answering: [] },
};
for (let round = 0; round <= Number(rounds); round++) {
  const lap = stopwatch();
  const key = 'labels.parquet';
  await store.write(key, await labelExamples(key, examples(store, shards), labeling, () => {}));
  const seconds = lap();
  const count = await decodeAll(store, shards, 2 * teacher.batchSize);
  const decoding = lap();
  await answerAll(teacher, count);
  const answering = lap();
  if (round === 0) continue;
  result.seconds.push(seconds);
  result.decoding.push(decoding);
  result.answering.push(answering);
}
console.log(JSON.stringify(result));
