/** Calls to AWS that the tasks make. */
import { readFileSync } from 'node:fs';
import { stages } from '../../src/stages/index.ts';
import { namesOf } from '../../src/table.ts';
import type { Call } from './iam.ts';

/** Each role with the task that it is for. */
export const roleTasks: readonly (readonly [role: string, task: string])[] = [
  ['TriggerSweepRole', 'Sweep'],
  ['TriggerStartRole', 'Start'],
  ['TriggerFollowRole', 'Follow'],
  ['AnnouncerAnnounceRole', 'Announce'],
  ...namesOf(stages).map((name) => [`${name}Role`, name] as const),
  ['JobRole', 'Train'],
  ['EndpointServeRole', 'Serve'],
];

/** Typical calls of each task, written by grants.process.test.ts: task, action and resource. */
export const callsFile = new URL('./calls.txt', import.meta.url);

/** Separates the prefix of a listing from its bucket. */
const listing = '?prefix=';

/**
 * Summarizes calls: one line per task, action and typical resource. A name that differs between
 * runs, datasets, students or examples becomes a fixed one.
 */
export function summarize(recorded: ReadonlyMap<string, readonly Call[]>): string {
  const lines = [...recorded].flatMap(([task, calls]) =>
    calls.map((call) => `${task} ${call.action} ${typicalResource(call)}\n`),
  );
  return [...new Set(lines)].sort().join('');
}

function typicalResource({ resource, prefix }: Call): string {
  const listed = prefix === undefined ? '' : `${listing}${prefix}`;
  return `${resource}${listed}`
    .replaceAll('parquet-images', 'images')
    .replace(/^(<StorageData>\/images\/\w+\/)(?!.*_SUCCESS$).+$/, '$1object')
    .replace(/images-[0-9a-f]{12}/g, 'run')
    .replace(/\/usage\/\w+\/.+/, '/usage/file')
    .replace(/[0-9a-f]{16,}/g, 'digest')
    .replace(/(runs\/run\/students\/)[^/]+\/(?:.*\/)?([^/]+)$/, '$1weighted/$2')
    .replace(/(?<=[-/])\d+/g, '1')
    .replace(
      /(students\/weighted|warmup|fold-1|encoders\/digest)\/(?!LATEST|MODEL.md|model.onnx)[^/]+$/,
      '$1/file',
    );
}

/** Reads the typical calls that a task was seen to make. */
export function readCalls(task: string): Call[] {
  const lines = readFileSync(callsFile, 'utf8').trim().split('\n');
  return lines.flatMap((line) => {
    const [of, action = '', text = ''] = line.split(' ');
    const [resource = '', prefix] = text.split(listing);
    return of === task ? [{ action, resource, ...(prefix !== undefined && { prefix }) }] : [];
  });
}
