/** The table of stages. To add one, see docs/extending.md. */
import { allExporters } from '../models/exporters.ts';
import { jobEvent, shardEvent, variantEvent } from '../run/events.ts';
import { keys } from '../run/keys.ts';
import { tableOf } from '../table.ts';
import { defineStage, type FunctionRow, type Stage } from './stage.ts';

/** Patterns of keys in the results. */
const ofRun = 'runs/*';
const labels = keys.labels('*', '*');
const encoders = `${keys.encoder('*')}*`;
const embeddings = keys.embeddings('*', '*');
const teachers = `${keys.teacher('*')}*`;
const calibrations = keys.calibration('*', '*');
const mixtures = keys.mixture('*');
const warmUps = `${keys.warmup('*')}*`;
const students = `${keys.student('*', '*')}*`;
/** Files of students that contain their encoders. */
const exported = allExporters.flatMap(({ files, writeWithEncoder }) =>
  writeWithEncoder ? files.map((name) => `${keys.student('*', '*')}${name}`) : [],
);
const planned = [
  ...[keys.plan, keys.shards, keys.unlabeled].map((key) => key('*')),
  keys.objects('*', '*'),
];

/**
 * The stages, in the order of the workflow. A process loads only the code of its own stage.
 *
 * Memory was measured on a machine with 2 cores, not on Lambda. Publish takes about 65 MiB. Plan
 * takes 96, 0.65 more per 1,000 objects, 320 more if TensorFlow builds a topology of the user, and
 * as much as Label if the user supplies the teacher, which it tries.
 * Stages that train or compute with TensorFlow take 440 to 1,700 for images of up to 64 pixels a
 * side; Label takes 1,965 with a teacher like ResNet-50. Reconcile takes 70, but 4 requests per
 * shard at 1 ms: 50,000 shards need a whole processor. A new account cannot deploy more than 3,008.
 * A second core would cost three times as much in training, and save 7 to 20% of the time.
 */
export const stages = tableOf(
  defineStage({
    name: 'Plan',
    title: 'Plan',
    event: jobEvent,
    load: async () => (await import('./plan.ts')).planRun,
    memoryMiB: 3008,
    native: true,
    // Copies of the teacher's files.
    scratchGiB: 4,
    access: {
      readsData: true,
      listsData: true,
      reads: [keys.record('*'), keys.spend('*'), ...planned, encoders, embeddings, labels],
      writes: [...planned, encoders, keys.spend('*')],
    },
  }),
  defineStage({
    name: 'Encode',
    title: 'Encode',
    event: shardEvent,
    load: async () => (await import('./encode.ts')).encodeShard,
    memoryMiB: 3008,
    native: true,
    optional: true,
    // Copies of the encoders' files.
    scratchGiB: 4,
    mapOver: 'shards',
    countsExamples: true,
    cheaper: 'a smaller encoder, or fewer unlabeled files',
    access: { readsData: true, reads: [ofRun, encoders, embeddings], writes: [embeddings] },
  }),
  defineStage({
    name: 'TrainTeacher',
    title: 'Train teacher',
    event: jobEvent,
    load: async () => (await import('./train-teacher.ts')).trainTeacher,
    memoryMiB: 3008,
    native: true,
    optional: true,
    resumes: 'a smaller teacher.train',
    cheaper: 'fewer epochs of teacher.train, or a smaller one',
    access: {
      readsData: true,
      reads: [ofRun, embeddings, teachers, keys.checkpoints(teachers)],
      writes: [teachers, keys.checkpoints(teachers)],
    },
  }),
  defineStage({
    name: 'Calibrate',
    title: 'Calibrate',
    event: jobEvent,
    load: async () => (await import('./calibrate.ts')).calibrateTeacher,
    memoryMiB: 3008,
    native: true,
    // Copies of the teacher's files.
    scratchGiB: 4,
    resumes: 'a smaller data.shardMiB, or a smaller teacher',
    countsExamples: true,
    cheaper: 'teacher.calibrate: false, or a smaller teacher',
    access: {
      readsData: true,
      // A teacher may be a folder: a SavedModel, or stored predictions.
      listsData: true,
      reads: [ofRun, embeddings, teachers, labels],
      writes: [labels, calibrations, mixtures],
    },
  }),
  defineStage({
    name: 'Label',
    title: 'Label',
    event: shardEvent,
    load: async () => (await import('./label.ts')).labelShard,
    memoryMiB: 3008,
    native: true,
    // Copies of the teacher's files.
    scratchGiB: 4,
    mapOver: 'shards',
    countsExamples: true,
    cheaper: 'a smaller teacher, or fewer unlabeled files',
    access: {
      readsData: true,
      // A teacher may be a folder: a SavedModel, or stored predictions.
      listsData: true,
      reads: [ofRun, embeddings, teachers, labels],
      writes: [labels, keys.quarantine('*', '*')],
    },
  }),
  defineStage({
    name: 'Reconcile',
    title: 'Reconcile',
    event: jobEvent,
    load: async () => (await import('./reconcile.ts')).reconcileLabels,
    memoryMiB: 1769,
    // The true labels are in the dataset, and so are the examples to compare.
    access: {
      readsData: true,
      reads: [ofRun, embeddings, labels],
      writes: [keys.reconcile('*'), keys.testDigests('*')],
    },
  }),
  defineStage({
    name: 'WarmUp',
    title: 'Warm up',
    event: jobEvent,
    load: async () => (await import('./warm-up.ts')).warmUpStudent,
    memoryMiB: 3008,
    native: true,
    resumes: 'a smaller student',
    cheaper: 'fewer warmup.epochs, or a smaller student',
    access: {
      readsData: true,
      reads: [ofRun, embeddings, labels, keys.checkpoints(warmUps)],
      writes: [warmUps, keys.checkpoints(warmUps)],
    },
  }),
  defineStage({
    name: 'Weigh',
    title: 'Weigh',
    event: shardEvent,
    load: async () => (await import('./weigh.ts')).weighShard,
    memoryMiB: 3008,
    native: true,
    mapOver: 'unlabeledShards',
    countsExamples: true,
    cheaper: 'a smaller student, or fewer unlabeled files',
    access: {
      readsData: true,
      reads: [ofRun, embeddings, labels],
      writes: [keys.weights('*', '*')],
    },
  }),
  defineStage({
    name: 'Train',
    title: 'Train',
    event: variantEvent,
    load: async () => (await import('./train.ts')).trainVariant,
    memoryMiB: 3008,
    native: true,
    mapOver: 'variants',
    resumes: 'trainer: gpu, or a smaller student',
    cheaper:
      'fewer student.epochs, a smaller student, fewer of compare, fewer relabel.rounds, or ' +
      'method: weighted, which trains one student where relabel trains many',
    access: {
      readsData: true,
      reads: [ofRun, encoders, embeddings, labels, keys.checkpoints(students)],
      writes: [students, keys.checkpoints(students)],
    },
  }),
  defineStage({
    name: 'Evaluate',
    title: 'Evaluate',
    event: jobEvent,
    load: async () => (await import('./evaluate.ts')).evaluateStudents,
    memoryMiB: 3008,
    native: true,
    countsExamples: true,
    // Copies of the files of another encoder: of the student in use.
    scratchGiB: 4,
    access: {
      readsData: true,
      listsUsage: true,
      reads: [ofRun, embeddings, labels, calibrations, mixtures, keys.current('*')],
      writes: [
        embeddings,
        ...exported,
        keys.card('*', '*'),
        keys.predictions('*'),
        keys.machine('*'),
        keys.metrics('*'),
        keys.labelNext('*'),
        keys.labelPage('*'),
        keys.labelStudio('*', '*'),
        keys.report('*'),
        keys.documents('*'),
      ],
    },
  }),
  defineStage({
    name: 'Publish',
    title: 'Publish',
    event: jobEvent,
    load: async () => (await import('./publish.ts')).publishStudent,
    memoryMiB: 512,
    access: {
      reads: [ofRun, keys.current('*')],
      writes: [keys.current('*'), keys.publication('*')],
    },
  }),
);
export type StageName = keyof typeof stages;

/** The stages as rows of one type, in the order of the workflow. */
export const allStages: readonly Stage<StageName>[] = Object.values(stages);

/** Stages with one execution per shard. */
export const shardStages = allStages.filter(
  ({ mapOver }) => mapOver === 'shards' || mapOver === 'unlabeledShards',
);

/**
 * The functions that EventBridge calls: before the workflow, and at its end. Their code is in
 * `functions/`. About 65 MiB each.
 */
export const triggers = tableOf(
  { name: 'Start', memoryMiB: 512 },
  { name: 'Follow', memoryMiB: 512 },
  { name: 'Sweep', memoryMiB: 512 },
  { name: 'Announce', memoryMiB: 512 },
) satisfies Record<string, FunctionRow>;
export type TriggerName = keyof typeof triggers;

/** The functions after the workflow, which use its students: their code is in `functions/`. */
export const endpoints = tableOf({
  name: 'Serve',
  memoryMiB: 3008,
  native: true,
  // Copies of the encoder's files.
  scratchGiB: 4,
}) satisfies Record<string, FunctionRow>;
export type EndpointName = keyof typeof endpoints;
