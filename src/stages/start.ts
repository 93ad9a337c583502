import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { configKey, configOf, readConfig, readConfigText } from '../config/read.ts';
import type { Config } from '../config/schema.ts';
import { readAhead } from '../data/ahead.ts';
import { batchOf, isMarker, markerOf } from '../data/layout.ts';
import { digestJson } from '../digest.ts';
import { UserError } from '../errors.ts';
import type { JobEvent } from '../run/events.ts';
import { keys } from '../run/keys.ts';
import type { RunRecord } from '../run/plan-file.ts';
import { compareKeys } from '../store/key.ts';
import { writeJsonOnce } from '../store/once.ts';
import { openStore } from '../store/open.ts';
import type { ObjectInfo, ObjectStore } from '../store/store.ts';
import { batchesOf, lookups } from './batches.ts';

/**
 * Version of the stages' output. Increase it with every change, so that no run of an older version
 * is continued.
 */
const formatVersion = 20;

/** A run whose record is written. The caller starts its execution and adds that field. */
export type StartedRun = Omit<JobEvent, 'execution' | 'until'>;

/**
 * Start, by a user: checks the config and writes the run's record. The run's name is a digest of
 * the config and of every object's version, so that the same call twice is one run. If any batch
 * has a marker, batches without one are left for a later run.
 *
 * @throws UserError if the config is missing or wrong.
 */
export async function startRun(dataset: string, results: string): Promise<StartedRun> {
  const data = await openStore(dataset);
  const resultsStore = await openStore(results, 'time');
  const config = await readConfig(data);
  const hash = createHash('sha256').update(JSON.stringify([formatVersion, config]));
  const batches: string[] = [];
  for await (const { key, version } of data.list('')) {
    if (key !== configKey) hash.update(JSON.stringify([key, version]));
    if (isMarker(key)) batches.push(batchOf(key));
  }
  const run = `${datasetName(data)}-${hash.digest('hex').slice(0, 12)}`;
  const made = { run, dataset: data.location, config };
  return record(resultsStore, batches.length > 0 ? { ...made, batches } : made);
}

/** Object whose arrival means that a batch is complete. */
export interface Marker {
  readonly bucket: string;
  /** `<dataset>/unlabeled/<batch>/_SUCCESS`, as in S3: not URL-encoded. */
  readonly key: string;
  readonly version: string;
}

/**
 * Start, by a complete batch: writes the record of a run over all complete batches.
 *
 * @returns Undefined if the object is not a marker, or if it was replaced or removed since.
 */
export async function startBatch(marker: Marker, results: string): Promise<StartedRun | undefined> {
  const [, prefix, key] = /^(.*?[^/])\/(unlabeled\/.+)$/s.exec(marker.key) ?? [];
  if (prefix === undefined || key === undefined || !isMarker(key)) return undefined;
  const data = await openStore(`s3://${marker.bucket}/${prefix}`);
  const markers = await findMarkers(data);
  if (!markers.some((found) => found.key === key && found.version === marker.version)) {
    return undefined;
  }
  return recordBatches(data, markers, results);
}

/**
 * Start, of batches that were completed during another run: writes the record of a run over all
 * complete batches.
 *
 * @returns Undefined if no batch is complete any more.
 */
export async function startWaiting(
  dataset: string,
  results: string,
): Promise<StartedRun | undefined> {
  const data = await openStore(dataset);
  const markers = await findMarkers(data);
  return markers.length > 0 ? recordBatches(data, markers, results) : undefined;
}

/**
 * Writes the record of a run over the batches with these markers.
 *
 * The run's name is a digest of the bucket, keys and versions of the markers. An event that arrives
 * twice is therefore one run, and so are batches that are completed at the same time. If the config
 * is missing or wrong, the record contains the reason, and Plan fails with it.
 */
async function recordBatches(
  data: ObjectStore,
  markers: readonly ObjectInfo[],
  results: string,
): Promise<StartedRun> {
  const facts = markers.map(({ key, version }) => [key, version]);
  const run = `${datasetName(data)}-${digestJson([formatVersion, data.location, facts], 12)}`;
  const batches = markers.map(({ key }) => batchOf(key));
  const asked = await configOrRefusal(data);
  return record(await openStore(results, 'time'), {
    run,
    dataset: data.location,
    ...('refused' in asked ? asked : { ...asked, batches }),
  });
}

/** Finds the markers of a dataset, in the order of their keys. */
async function findMarkers(data: ObjectStore): Promise<ObjectInfo[]> {
  const markers: ObjectInfo[] = [];
  const find = (batch: string) => data.head(markerOf(batch));
  for await (const marker of readAhead(possibleBatches(data), lookups, find)) {
    if (marker) markers.push(marker);
  }
  return markers.sort((a, b) => compareKeys(a.key, b.key));
}

async function* possibleBatches(data: ObjectStore): AsyncGenerator<string> {
  yield '';
  yield* batchesOf(data);
}

/**
 * Reads the config, or finds what is wrong with it.
 * @throws Error if it cannot be read, such as for denied access. It may be right.
 */
async function configOrRefusal(
  data: ObjectStore,
): Promise<{ config: Config } | { refused: { message: string; hint: string } }> {
  const text = await readConfigText(data);
  try {
    return { config: configOf(data, text) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const again = 'Then write the _SUCCESS of the batch again.';
    return { refused: { message: error.message, hint: [error.hint, again].join('\n').trim() } };
  }
}

async function record(results: ObjectStore, made: RunRecord): Promise<StartedRun> {
  await writeJsonOnce(results, keys.record(made.run), made);
  return { run: made.run, dataset: made.dataset, results: results.location };
}

/**
 * Returns the dataset's name in the characters that all three engines allow: the last part of its
 * location. In a bucket, one results store serves many datasets. If the name lost characters, it
 * gets a digest, so that two datasets never share a name.
 */
export function datasetName(data: Pick<ObjectStore, 'location'>): string {
  const name = basename(data.location)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);
  const [, prefix] = /^s3:\/\/[^/]+\/(.*)$/s.exec(data.location) ?? [];
  if (prefix === undefined || prefix === name) return name || 'dataset';
  return [name, digestJson(prefix, 6)].filter(Boolean).join('-');
}
