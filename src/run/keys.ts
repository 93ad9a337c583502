/** Location of the results if the user gives none. */
export const defaultResults = 'counterweight-results';

/**
 * Defines the keys of the objects in the results store. A method's preparation names its own files
 * below its student's folder.
 *
 * Every object is written once, except the pointers (`current`, `spend`, `turn` and a checkpoint's
 * LATEST), `failure`, and checkpoints that are no longer needed, which are emptied.
 */
export const keys = {
  /** Dataset and config of the run. A run exists if this object does. */
  record: (run: string) => `runs/${run}/run.json`,
  plan: (run: string) => `runs/${run}/plan.json`,
  /** JSON array of all shards to label, one `ShardItem` each: read by the Map around Label. */
  shards: (run: string) => `runs/${run}/shards.json`,
  /** The same for the unlabeled set only: read by the Map around Weigh. */
  unlabeled: (run: string) => `runs/${run}/unlabeled.json`,
  /** Pinned objects, one line per shard. A `ShardItem` has the file and the offsets of its line. */
  objects: (run: string, digest: string) => `runs/${run}/objects/${digest}.jsonl`,
  /** Embeddings of a shard by an encoder. */
  embeddings: (encoder: string, shard: string) => `embeddings/${encoder}/${shard}.parquet`,
  teacher: (digest: string) => `teachers/${digest}/`,
  /** A pretrained encoder: its files, and its description in `encoder.json`. */
  encoder: (digest: string) => `encoders/${digest}/`,
  /** The teacher before fine-tuning, in its own folder. */
  before: (teacher: string) => `${teacher}before/`,
  /** The calibration of a teacher, by the digest of the labels that it gives. */
  calibration: (teacher: string, labels: string) =>
    `teachers/${teacher}/calibration-${labels}.json`,
  /** The weights of a teacher that is a mixture. */
  mixture: (teacher: string) => `teachers/${teacher}/mixture.json`,
  labels: (teacher: string, shard: string) => `labels/${teacher}/${shard}.parquet`,
  quarantine: (run: string, shard: string) => `runs/${run}/quarantine/${shard}.json`,
  reconcile: (run: string) => `runs/${run}/reconcile.json`,
  /** Digests of the test examples, with their other sets: see `data/example-digests.ts`. */
  testDigests: (run: string) => `runs/${run}/test-digests.bin`,
  warmup: (run: string) => `runs/${run}/warmup/`,
  /** The penalty of students that are a linear head. */
  penalty: (run: string) => `runs/${run}/warmup/penalty.json`,
  validation: (run: string) => `runs/${run}/warmup/validation.json`,
  weights: (run: string, shard: string) => `runs/${run}/weights/${shard}.parquet`,
  /** Also holds what the method's preparation keeps, under names of its own. */
  student: (run: string, variant: string) => `runs/${run}/students/${variant}/`,
  /** The model card of a student. */
  card: (run: string, variant: string) => `runs/${run}/students/${variant}/MODEL.md`,
  /** The machine that evaluated the run, and times. */
  machine: (run: string) => `runs/${run}/machine.json`,
  /**
   * Checkpoints of the model in `folder`. They have a prefix of their own, because a lifecycle rule
   * of S3 applies to a prefix: checkpoints expire, and models do not.
   */
  checkpoints: (folder: string) => `checkpoints/${folder}`,
  metrics: (run: string) => `runs/${run}/metrics.json`,
  /** Predictions of all models for the test examples: `data/tables/predictions-file.ts`. */
  predictions: (run: string) => `runs/${run}/predictions.parquet`,
  /** Examples to label next, for the user: see `debias/label-next.ts`. */
  labelNext: (run: string) => `runs/${run}/label-next.csv`,
  /** The same for people who label in a browser. */
  labelPage: (run: string) => `runs/${run}/label-next.html`,
  /** The same for Label Studio: its file `tasks.json` or `config.xml`. */
  labelStudio: (run: string, file: string) => `runs/${run}/label-studio/${file}`,
  report: (run: string) => `runs/${run}/report.html`,
  /** Checksums of the report and the other documents: see `documents-file.ts`. */
  documents: (run: string) => `runs/${run}/documents.json`,
  publication: (run: string) => `runs/${run}/publication.json`,
  /** Empty objects whose keys state what each task used: see `cost/usage.ts`. */
  usage: (run: string) => `runs/${run}/usage/`,
  /** Message of an error that a call threw: see `hidden-message.ts`. */
  thrown: (run: string, id: string) => `runs/${run}/errors/${id}.json`,
  failure: (run: string) => `runs/${run}/failure.json`,
  /** Record that the end of an execution was announced; `end` names the end. */
  announced: (run: string, end: string) => `runs/${run}/announced/${end}.json`,
  /** Estimates of the runs that were planned in a month: see `cost/spend.ts`. */
  spend: (month: string) => `spend/${month}.json`,
  /** Pointer to the execution whose turn it is: one run of a dataset at a time. */
  turn: (dataset: string) => `turns/${dataset}.json`,
  /** Pointer to the student in use. */
  current: (dataset: string) => `students/${dataset}/CURRENT`,
};
