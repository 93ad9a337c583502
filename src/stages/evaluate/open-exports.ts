/** Opens the exported files of students, and compares them with the students. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { concatenate, sum } from '../../arrays.ts';
import { type Example, isRejected } from '../../data/example.ts';
import { encoderIn, featureShape } from '../../data/features/index.ts';
import { sha256 } from '../../digest.ts';
import { batchSizeFor } from '../../models/batch-size.ts';
import type { PretrainedEncoder } from '../../models/encoders/encoder.ts';
import { exampleContent } from '../../models/encoders/example-content.ts';
import { openEncoder } from '../../models/encoders/open-encoder.ts';
import { readEncoder } from '../../models/encoders/stored-encoder.ts';
import { allExporters, descriptionFile } from '../../models/exporters.ts';
import { comparedExamples, type Exporter } from '../../models/exports/exporter.ts';
import { NotExportable, outputName } from '../../models/exports/operations.ts';
import { type RawExample, rawFeeds } from '../../models/exports/raw-feeds.ts';
import { hashStream } from '../../models/file-hashes.ts';
import { encoderFolder, readDescription, writeModelFiles } from '../../models/model-files.ts';
import { makeWorkFolder } from '../../models/scratch-folder.ts';
import type { Student } from '../../models/student.ts';
import type { InputTensor, LoadedModel } from '../../models/teachers/loaded-model.ts';
import { asLayers } from '../../models/trainable.ts';
import type { Job } from '../../run/job.ts';
import { keys } from '../../run/keys.ts';
import { changed, damaged } from '../../store/damage.ts';
import { readBytes } from '../../store/once.ts';
import type { ObjectStore } from '../../store/store.ts';
import type { NamedModel } from './models.ts';

/** Maximum number of examples to compare if every example is embedded twice for it. */
const comparedEmbeddings = 100;

/** An example with what the student reads. */
export type ComparedExample = Example & RawExample;

/** An exported file of a student, loaded, or why there is none. */
export type OpenExport = {
  /** Name of the student. */
  readonly student: string;
  /** Name of the exporter. */
  readonly format: string;
} & (LoadedExport | { readonly leftOut: string });

interface LoadedExport {
  readonly bytes: number;
  /** Maximum number of examples to compare. */
  readonly most: number;
  /** Whether its weights are rounded. */
  readonly isRounded: boolean;
  /**
   * Runs the file on a batch, except examples that its encoder cannot embed.
   * @param expected The student's probabilities, row-major, [n, outputs].
   */
  answer(batch: readonly ComparedExample[], expected: Float32Array): Promise<ExportAnswers>;
  /** Frees the native memory. */
  dispose(): void;
}

/** Probabilities of a file and of its student, [n, outputs], for the same n examples. */
export interface ExportAnswers {
  /** The examples, by their index in the batch. */
  readonly rows: readonly number[];
  readonly found: Float32Array;
  readonly expected: Float32Array;
}

/** Loads the exported files of all students. Makes those that contain an encoder. */
export async function openExports(
  { results, run, plan }: Job,
  models: readonly NamedModel[],
): Promise<OpenExport[]> {
  const opened: OpenExport[] = [];
  try {
    for (const { name: student, model } of models.slice(0, plan.variants.length)) {
      const folder = keys.student(run, student);
      for (const [format, leftOut] of Object.entries(model.description.notExported ?? {})) {
        opened.push({ student, format, leftOut });
      }
      for (const exporter of allExporters) {
        const found = await openExport(results, folder, model, exporter);
        if (found) opened.push({ student, format: exporter.name, ...found });
      }
    }
    return opened;
  } catch (error) {
    disposeExports(opened);
    throw error;
  }
}

/** Frees the native memory. */
export function disposeExports(opened: readonly OpenExport[]): void {
  for (const each of opened) if ('dispose' in each) each.dispose();
}

async function openExport(
  results: ObjectStore,
  folder: string,
  student: Student,
  exporter: Exporter,
): Promise<LoadedExport | { readonly leftOut: string } | undefined> {
  const { isRounded = false } = exporter;
  if (encoderIn(student.description.features) === undefined) {
    const { files = {} } = await readDescription(results, folder);
    const file = await load(results, folder, exporter, new Map(Object.entries(files)));
    return file && { ...file, ...ofNetwork(file.model, student), isRounded };
  }
  if (!exporter.writeWithEncoder) return undefined;
  const encoder = await openEncoder(results, `${folder}${encoderFolder}`);
  try {
    const made = await writeWithEncoder(results, folder, student, encoder, exporter);
    const file = (await load(results, folder, exporter, made))!;
    return { ...file, ...ofHead(file.model, student, encoder), isRounded };
  } catch (error) {
    encoder.dispose();
    if (error instanceof NotExportable) return { leftOut: error.message };
    throw error;
  }
}

/** Makes the files of an exporter, and writes those that are not there. @returns their SHA-256. */
async function writeWithEncoder(
  results: ObjectStore,
  folder: string,
  { model, description }: Student,
  { output }: PretrainedEncoder,
  { writeWithEncoder }: Exporter,
): Promise<ReadonlyMap<string, string>> {
  const from = `${folder}${encoderFolder}`;
  const encoder = await readEncoder(results, from);
  const made = await writeWithEncoder!(
    { model: asLayers(model), description },
    {
      ...{ description: encoder, output },
      readModel: () => readBytes(results, `${from}${encoder.model}`),
    },
  );
  await writeModelFiles(results, folder, made);
  return new Map(Array.from(made, ([name, bytes]) => [name, sha256(bytes)]));
}

/**
 * Opens the files of an exporter.
 *
 * @param digests The SHA-256 of the student's files, by name.
 * @returns undefined if the exporter cannot open files, or made none for the student.
 * @throws UserError if a file was changed.
 */
async function load(
  results: ObjectStore,
  prefix: string,
  { files, open }: Exporter,
  digests: ReadonlyMap<string, string>,
) {
  if (!open) return undefined;
  const objects = await Promise.all(files.map((name) => results.head(`${prefix}${name}`)));
  if (objects.includes(undefined)) return undefined;
  const folder = makeWorkFolder('export');
  try {
    for (const name of files) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      await pipeline(await results.read(`${prefix}${name}`), createWriteStream(path));
      if ((await hashStream(createReadStream(path))) === digests.get(name)) continue;
      const description = `${results.location}/${prefix}${descriptionFile}`;
      throw damaged(`${results.location}/${prefix}${name}`, changed, [description]);
    }
    return { model: await open(folder), bytes: sum(objects.map((object) => object!.bytes)) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

type Comparison = Omit<LoadedExport, 'bytes' | 'isRounded'>;

/** Compares on raw examples. */
function ofNetwork(model: LoadedModel, { description }: Student): Comparison {
  const { features } = description;
  const size = batchSizeFor(featureShape(features));
  return {
    most: comparedExamples,
    async answer(batch, expected) {
      const found: Float32Array[] = [];
      for (let start = 0; start < batch.length; start += size) {
        found.push(await run(model, rawFeeds(features, batch.slice(start, start + size))));
      }
      return { rows: [...batch.keys()], found: concatenate(found), expected };
    },
    dispose: () => model.dispose(),
  };
}

/** Compares on the encoder's inputs; stored embeddings are rounded, so they are computed again. */
function ofHead(model: LoadedModel, student: Student, encoder: PretrainedEncoder): Comparison {
  const { examples, classes } = student.description;
  const prepare = exampleContent(examples!);
  return {
    most: comparedEmbeddings,
    async answer(batch) {
      const contents: Example[] = [];
      const used: number[] = [];
      for (const [row, example] of batch.entries()) {
        const content = await prepare(example);
        if (isRejected(content)) continue;
        contents.push(content);
        used.push(row);
      }
      const [all, found, expected]: [number[], Float32Array[], Float32Array[]] = [[], [], []];
      const notes = { rejected: new Map(), truncated: 0 };
      for await (const { feeds, rows, pooled } of encoder.batches(contents, notes)) {
        // Further rows of the tensors are blank.
        const numbers = rows.length * classes.length;
        const own = student.predict({ n: feeds[0]!.shape[0]!, values: pooled });
        expected.push(own.subarray(0, numbers));
        found.push((await run(model, feeds)).subarray(0, numbers));
        all.push(...rows.map((row) => used[row]!));
      }
      return { rows: all, found: concatenate(found), expected: concatenate(expected) };
    },
    dispose() {
      model.dispose();
      encoder.dispose();
    },
  };
}

async function run(model: LoadedModel, feeds: readonly InputTensor[]): Promise<Float32Array> {
  const [output] = await model.run(feeds, [outputName]);
  return output!.values;
}
