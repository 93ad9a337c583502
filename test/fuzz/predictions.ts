/** Reads a file as predictions of a teacher. */
import { answeredExamples, haveSets } from '../../src/models/teachers/open-predictions.ts';
import { MemoryStore } from '../support/memory-store.ts';

export async function openAnswers(bytes: Buffer): Promise<void> {
  const store = new MemoryStore({ 'teacher/a.parquet': bytes });
  const object = (await store.head('teacher/a.parquet'))!;
  await haveSets(store, [{ path: 'a.parquet', object }]);
  for await (const { id } of answeredExamples(store, [{ path: 'a.parquet', object }])) id.length;
}
