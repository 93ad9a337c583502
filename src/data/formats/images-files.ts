/** Plain image files: `labeled/<class>/file.jpg`; unlabeled ones anywhere below their folder. */
import { createHash } from 'node:crypto';
import { bytesOf } from '../../store/bytes.ts';
import type { ObjectStore } from '../../store/store.ts';
import { readAhead } from '../ahead.ts';
import { type Example, isRejected, type LabelOnly, type Rejected } from '../example.ts';
import { bytesOfImage } from '../features/image-file.ts';
import { keyInSet } from '../layout.ts';
import type { Piece, Shard } from '../shard.ts';
import type { DataFile, FormatFiles } from './format.ts';

export const imagesFiles: FormatFiles = { read: readImages, readLabels, write: writeImages };

const maxFileMiB = 64;

/** Files read at once: for a small file, nearly all the time is waiting. */
const parallelReads = 16;

function readImages(store: ObjectStore, shard: Shard): AsyncGenerator<Example | Rejected> {
  return readAhead(shard.pieces, parallelReads, (piece) => readImage(store, piece));
}

/** Yields the labels from the keys; no file is read. */
async function* readLabels(
  _: ObjectStore,
  { pieces }: Shard,
): AsyncGenerator<LabelOnly | Rejected> {
  for (const piece of pieces) yield labelOf(piece);
}

async function readImage(store: ObjectStore, piece: Piece): Promise<Example | Rejected> {
  const item = labelOf(piece);
  if (isRejected(item)) return item;
  const bytes = await bytesOf(await store.read(piece.key, { version: piece.version }));
  return { ...item, content: { kind: 'image', bytes } };
}

function labelOf({ key, bytes }: Piece): LabelOnly | Rejected {
  const id = keyInSet(key);
  if (bytes > maxFileMiB * 2 ** 20) {
    return { id, reason: `The file has ${bytes} bytes; at most ${maxFileMiB} MiB are read.` };
  }
  const folders = id.split('/').slice(0, -1);
  return { id, label: folders[0] };
}

/** Writes one file per example, in the folder of its class if it has one. */
async function writeImages(examples: readonly Example[]): Promise<DataFile[]> {
  return examples.map(({ id, label, content }) => {
    const folder = label === undefined ? '' : `${label}/`;
    return { name: `${folder}${fileName(id)}`, bytes: bytesOfImage(content) };
  });
}

/** Returns a file name for an id, a path: a digest separates files of different folders. */
function fileName(id: string): string {
  return `${createHash('sha256').update(id).digest('hex').slice(0, 8)}-${id.split('/').at(-1)}`;
}
