/** Students that a stranger has changed: with valid checksums, and without digests. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadStudent } from '../../src/models/load-student.ts';
import { sealJson } from '../../src/store/seal.ts';
import { refusalOf } from './refusal.ts';

/** Fields of a JSON file. */
export type Fields = Record<string, unknown>;

/** Changes the JSON of a student's file. */
export function changeJson(folder: string, name: string, how: (json: Fields) => object): void {
  const file = join(folder, name);
  const { checksum: _, ...json } = JSON.parse(readFileSync(file, 'utf8'));
  const changed = how(json);
  // A stranger can compute the checksum of student.json.
  const isSealed = name === 'student.json';
  writeFileSync(file, isSealed ? sealJson(changed) : JSON.stringify(changed));
}

/** Removes the digests of the student's files: a stranger states none. */
export function removeDigests(folder: string): void {
  changeJson(folder, 'student.json', ({ files: _, ...description }) => description);
}

/** Returns the message of the refusal of the student, with `.` for its folder. */
export async function studentRefusal(folder: string): Promise<string> {
  const error = await refusalOf(loadStudent(folder));
  return error.message.replaceAll(folder, '.');
}
