/** Plain image files: `labeled/<class>/file.jpg`; unlabeled ones anywhere below their folder. */
import { createHash } from 'node:crypto';
import { bytesOf } from '../../store/bytes.ts';
import type { ObjectStore } from '../../store/store.ts';
import { readAhead } from '../ahead.ts';
import type { Example, Rejected } from '../example.ts';
import { bytesOfImage } from '../features/image-file.ts';
import { keyInSet } from '../layout.ts';
import type { Piece, Shard } from '../shard.ts';
import type { DataFile, FormatFiles } from './format.ts';

export const imagesFiles: FormatFiles = { read: readImages, write: writeImages };

const maxFileMiB = 64;

/** Files read at once: for a small file, nearly all the time is waiting. */
const parallelReads = 16;

function readImages(store: ObjectStore, shard: Shard): AsyncGenerator<Example | Rejected> {
  return readAhead(shard.pieces, parallelReads, (piece) => readImage(store, piece));
}

async function readImage(store: ObjectStore, piece: Piece): Promise<Example | Rejected> {
  const id = keyInSet(piece.key);
  if (piece.bytes > maxFileMiB * 2 ** 20) {
    return { id, reason: `The file has ${piece.bytes} bytes; at most ${maxFileMiB} MiB are read.` };
  }
  const bytes = await bytesOf(await store.read(piece.key, { version: piece.version }));
  const folders = id.split('/').slice(0, -1);
  return { id, label: folders[0], content: { kind: 'image', bytes } };
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
