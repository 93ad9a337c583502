import { resolve } from 'node:path';
import { type AnyKind, kindOf } from '../data/features/index.ts';
import type { FormatName } from '../data/formats/index.ts';
import type { PredictionFormat } from '../data/tables/predicted-examples.ts';
import { UserError } from '../errors.ts';
import { readDescription } from '../models/model-files.ts';
import { featuresOfExamples, openPredictor } from '../models/predictor.ts';
import type { StudentDescription } from '../models/student-description.ts';
import type { Progress } from '../run/context.ts';
import { openStore } from '../store/open.ts';
import type { ObjectStore } from '../store/store.ts';
import { findStudent } from './find-student.ts';
import { findGivenFiles } from './given-files.ts';
import { checkTarget, createFile, type Stream, writeToStream } from './output.ts';
import { type PredictSummary, predictFiles } from './predict.ts';

export interface PredictPathsOptions {
  /** Folder, run, dataset or pointer: see `findStudent`. */
  readonly student: string;
  /** Files, folders, s3://…, or `-` for `stdin`. */
  readonly paths: readonly string[];
  /** Location of the results, for the name of a run or a dataset. */
  readonly results: string;
  /** File for the predictions. Default: `stdout`. */
  readonly out?: string | undefined;
  readonly format: PredictionFormat;
  /** Format of the examples. Default: by the name or the first bytes. */
  readonly inputFormat?: FormatName | undefined;
  /** Columns of the content in tables. Default: those of the student's training. */
  readonly columns?: readonly string[] | undefined;
  /** Column of the id in tables. Default: "id" if the file has it, else the row. */
  readonly id?: string | undefined;
  /** Maximum share of unusable examples. */
  readonly maxUnusable: number;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: Stream;
  readonly onProgress: (progress: Progress) => void;
  /** Called before a student that needs TensorFlow is loaded. */
  readonly prepareTensorFlow: () => Promise<void>;
}

/**
 * Predicts the examples of files with a student. Finds what is wrong with the paths before it loads
 * the student.
 *
 * @throws UserError if the student or a file does not exist, or they do not fit together.
 */
export async function predictPaths(options: PredictPathsOptions): Promise<PredictSummary> {
  const { out, paths, onProgress } = options;
  const store = await openStore(await findStudent(options.student, options.results));
  const description = await readDescription(store);
  const kind = kindOf(featuresOfExamples(description));
  checkColumns(options.columns, kind);
  if (out !== undefined) await checkTarget(out);
  const choice = { kind, format: options.inputFormat, stdin: options.stdin };
  const files = await findGivenFiles(paths, choice, (path) => {
    if (out === undefined || resolve(path) !== resolve(out)) return;
    throw new UserError(`${out} would be read and written`, 'Choose another file for --out.');
  });
  for (const message of files.warnings) onProgress({ stage: 'Predict', message, level: 'warning' });
  const student = await openStudent(store, description, options);
  try {
    const output = out === undefined ? writeToStream(options.stdout) : await createFile(out);
    return await predictFiles({ ...options, student, files, output });
  } finally {
    student.dispose();
  }
}

/** @throws UserError if the student does not read that many columns, or one has no name. */
function checkColumns(columns: readonly string[] | undefined, kind: AnyKind): void {
  if (columns === undefined) return;
  if (!kind.column && !kind.cells) {
    throw new UserError(
      `--column is for other students: this one reads the columns of its training`,
      'Leave --column out.',
    );
  }
  if (columns.includes('')) {
    throw new UserError('--column has an empty name', 'Name columns with commas between them.');
  }
  if (kind.column && columns.length > 1) {
    throw new UserError(
      `--column has ${columns.length} names: ${columns.join(', ')}, and the student reads one ${kind.name} per row`,
      'Name one column.',
    );
  }
}

async function openStudent(
  store: ObjectStore,
  { network }: StudentDescription,
  { prepareTensorFlow }: PredictPathsOptions,
) {
  // Models with a `network` are the only ones without TensorFlow.
  if (network === undefined) await prepareTensorFlow();
  return openPredictor(store);
}
