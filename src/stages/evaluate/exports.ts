/** Comparison of a student's exported files with the student, on examples of the evaluated set. */
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { sum } from '../../arrays.ts';
import { featureShape } from '../../data/features/index.ts';
import { UserError } from '../../errors.ts';
import type { ExportRecord } from '../../evaluate/run-metrics.ts';
import { batchSizeFor } from '../../models/batch-size.ts';
import { allExporters } from '../../models/exporters.ts';
import { comparedExamples, type Exporter } from '../../models/exports/exporter.ts';
import { outputName } from '../../models/exports/operations.ts';
import { type RawExample, rawFeeds } from '../../models/exports/raw-feeds.ts';
import type { Student } from '../../models/student.ts';
import type { LoadedModel } from '../../models/teachers/loaded-model.ts';
import type { Job } from '../../run/job.ts';
import { keys } from '../../run/keys.ts';
import type { NamedModel } from './models.ts';

/** Largest difference of a probability in float32, between two programs that are right. */
const tolerance = 1e-4;

/** An exported file of a student, loaded. */
export interface OpenExport {
  /** Name of the student. */
  readonly student: string;
  readonly format: string;
  readonly bytes: number;
  readonly file: LoadedModel;
}

/** Loads the exported files of all students. */
export async function openExports(job: Job): Promise<OpenExport[]> {
  const opened: OpenExport[] = [];
  try {
    for (const { name: student } of job.plan.variants) {
      for (const exporter of allExporters) {
        const found = await open(job, student, exporter);
        if (found) opened.push({ student, format: exporter.name, ...found });
      }
    }
    return opened;
  } catch (error) {
    for (const { file } of opened) file.dispose();
    throw error;
  }
}

/** Returns undefined if the exporter cannot open files, or made none for the student. */
async function open({ results, run }: Job, student: string, { files, open }: Exporter) {
  if (!open) return undefined;
  const prefix = keys.student(run, student);
  const objects = await Promise.all(files.map((name) => results.head(`${prefix}${name}`)));
  if (objects.includes(undefined)) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'counterweight-export-'));
  try {
    for (const name of files) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      await pipeline(await results.read(`${prefix}${name}`), createWriteStream(path));
    }
    return { file: await open(folder), bytes: sum(objects.map((object) => object!.bytes)) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Collects the differences of exported files and their students. */
export interface ExportsMeter {
  /**
   * Compares the files on a batch; none after the first `comparedExamples` examples.
   * @param outputs Probabilities by model, [n, outputs].
   */
  add(batch: readonly RawExample[], outputs: ReadonlyMap<string, Float32Array>): Promise<void>;
  /**
   * Returns the records of a student's files.
   * @throws UserError if a file differs from the student.
   */
  records(student: NamedModel): ExportRecord[];
}

/** @param models The students, by their names. */
export function createExportsMeter(
  exports: readonly OpenExport[],
  models: readonly NamedModel[],
): ExportsMeter {
  const differences = new Map(exports.map((each) => [each, 0]));
  const studentOf = new Map(models.map(({ name, model }) => [name, model]));
  let examples = 0;
  return {
    async add(batch, outputs) {
      const compared = batch.slice(0, comparedExamples - examples);
      examples += compared.length;
      for (const each of exports) {
        const found = await compare(each, studentOf.get(each.student)!, compared, outputs);
        differences.set(each, Math.max(differences.get(each)!, found));
      }
    },
    records({ name, model }) {
      const records: ExportRecord[] = [];
      for (const [each, largestDifference] of differences) {
        const { student, format, bytes } = each;
        if (student !== name) continue;
        requireEqual(student, format, largestDifference);
        records.push({ format, bytes, examples, largestDifference });
      }
      for (const [format, leftOut] of Object.entries(model.description.notExported ?? {})) {
        records.push({ format, leftOut });
      }
      return records;
    },
  };
}

/** Returns the largest difference on a batch; infinite if an output is not a number. */
async function compare(
  { student, file }: OpenExport,
  { description }: Student,
  batch: readonly RawExample[],
  outputs: ReadonlyMap<string, Float32Array>,
): Promise<number> {
  const { features, classes } = description;
  const expected = outputs.get(student)!;
  const size = batchSizeFor(featureShape(features));
  let largest = 0;
  for (let start = 0; start < batch.length; start += size) {
    const feeds = rawFeeds(features, batch.slice(start, start + size));
    const [found] = await file.run(feeds, [outputName]);
    const { values } = found!;
    for (let index = 0; index < feeds[0]!.shape[0]! * classes.length; index++) {
      const difference = Math.abs(values[index]! - expected[start * classes.length + index]!);
      largest = Math.max(largest, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
    }
  }
  return largest;
}

function requireEqual(student: string, format: string, difference: number): void {
  if (difference <= tolerance) return;
  throw new UserError(
    `the ${format} file of the student '${student}' is wrong: a probability differs by ${difference.toPrecision(2)} from the student's, and at most ${tolerance} is rounding`,
    'This is an error of counterweight. Please report it with your distill.yaml; students/ has the student.',
  );
}
