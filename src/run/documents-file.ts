/** Checksums of the documents of a run: files of Evaluate in formats without a checksum. */
import { z } from 'zod';
import { modelFileNames } from '../models/exporters.ts';
import { hashStream } from '../models/file-hashes.ts';
import { readDescription } from '../models/model-files.ts';
import { readJson, writeJsonOnce } from '../store/once.ts';
import type { Job } from './job.ts';
import { keys } from './keys.ts';

/** `runs/<run>/documents.json`: SHA-256 of each document, in hex, by its key. */
export const documentsSchema = z.strictObject({ files: z.record(z.string(), z.string()) });

/** Reads the checksums. @throws UserError if their file is missing or damaged. */
export async function readDocuments({
  results,
  run,
}: Pick<Job, 'results' | 'run'>): Promise<ReadonlyMap<string, string>> {
  const { files } = await readJson(results, keys.documents(run), documentsSchema);
  return new Map(Object.entries(files));
}

/** Selects the checksums of a student's exports that Evaluate wrote, by the name of the file. */
export function addedExports(
  documents: ReadonlyMap<string, string>,
  folder: string,
): ReadonlyMap<string, string> {
  const names = new Set(modelFileNames.layers);
  const own = [...documents].filter(([key]) => key.startsWith(folder));
  const named = own.map(([key, digest]) => [key.slice(folder.length), digest] as const);
  return new Map(named.filter(([name]) => names.has(name)));
}

/** Writes the checksums of the documents, as they are now in the results. */
export async function writeDocuments(job: Job): Promise<void> {
  const { results, run, plan } = job;
  if (await results.head(keys.documents(run))) return;
  const written = [
    ...[keys.report(run), keys.labelNext(run), keys.labelPage(run)],
    ...['tasks.json', 'config.xml'].map((file) => keys.labelStudio(run, file)),
    ...plan.variants.map(({ name }) => keys.card(run, name)),
    ...(await exportsWithEncoder(job)),
  ];
  const files: Record<string, string> = {};
  for (const key of written) files[key] = await hashStream(await results.read(key));
  await writeJsonOnce(results, keys.documents(run), { files });
}

/** Lists the files that Evaluate has added to students: those that contain the encoder. */
async function exportsWithEncoder({ results, run, plan }: Job): Promise<string[]> {
  const added: string[] = [];
  for (const { name } of plan.variants) {
    const folder = keys.student(run, name);
    const { files = {} } = await readDescription(results, folder);
    for (const file of modelFileNames.layers) {
      const isAdded = files[file] === undefined && (await results.head(folder + file));
      if (isAdded) added.push(folder + file);
    }
  }
  return added;
}
