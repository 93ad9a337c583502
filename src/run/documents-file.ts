/** Checksums of the documents of a run: files for people, in formats that have no checksum. */
import { z } from 'zod';
import { sha256 } from '../digest.ts';
import { readBytes, writeJsonOnce } from '../store/once.ts';
import type { Job } from './job.ts';
import { keys } from './keys.ts';

/** `runs/<run>/documents.json`: SHA-256 of each document, in hex, by its key. */
export const documentsSchema = z.strictObject({ files: z.record(z.string(), z.string()) });

/** Writes the checksums of the documents, as they are now in the results. */
export async function writeDocuments({ results, run, plan }: Job): Promise<void> {
  if (await results.head(keys.documents(run))) return;
  const written = [
    ...[keys.report(run), keys.labelNext(run), keys.labelPage(run)],
    ...['tasks.json', 'config.xml'].map((file) => keys.labelStudio(run, file)),
    ...plan.variants.map(({ name }) => keys.card(run, name)),
  ];
  const files: Record<string, string> = {};
  for (const key of written) files[key] = sha256(await readBytes(results, key));
  await writeJsonOnce(results, keys.documents(run), { files });
}
