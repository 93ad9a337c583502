/** Plain image files: `labeled/<class>/file.jpg`, and anywhere below the folder when unlabeled. */
import { createHash } from 'node:crypto';
import type { ObjectStore } from '../../store/store.ts';
import { readAhead } from '../ahead.ts';
import { bytesOf } from '../bytes.ts';
import type { Example, Rejected } from '../example.ts';
import { keyInSet } from '../layout.ts';
import type { Piece, Shard } from '../shard.ts';
import type { DataFile, FormatFiles } from './format.ts';

export const imagesFiles: FormatFiles = { read: readImages, write: writeImages };

const maxFileMiB = 64;

/** Small files are all waiting time: this many are read at once. */
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
    if (content.kind !== 'image') throw new Error('this format holds images');
    return {
      name: `${label === undefined ? '' : `${label}/`}${fileName(id)}`,
      bytes: content.bytes,
    };
  });
}

/** Returns a file name for an id, which is a path: a digest separates files of different folders. */
function fileName(id: string): string {
  return `${createHash('sha256').update(id).digest('hex').slice(0, 8)}-${id.split('/').at(-1)}`;
}
