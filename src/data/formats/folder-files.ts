/** Files in class folders: `labeled/<class>/file`; unlabeled ones anywhere below their folder. */
import { createHash } from 'node:crypto';
import { UserError } from '../../errors.ts';
import { bytesOf } from '../../store/bytes.ts';
import type { ObjectStore } from '../../store/store.ts';
import { readAhead } from '../ahead.ts';
import {
  type Content,
  type Example,
  isRejected,
  type LabelOnly,
  type Rejected,
} from '../example.ts';
import { bytesOfImage } from '../features/image-file.ts';
import { writtenText } from '../features/text-cells.ts';
import { withSemicolons } from '../label-list.ts';
import { nameOf } from '../layout.ts';
import type { Piece, Shard } from '../shard.ts';
import type { DataFile, FormatFiles } from './format.ts';
import { textOfFile } from './text-file.ts';

/** Conversion between the bytes of a file and content. */
interface FileContent {
  readonly maxMiB: number;
  /** Makes content of the file, or returns a sentence on why it cannot. */
  read(bytes: Uint8Array): Content | string;
  write(content: Content): Uint8Array;
  /** Returns the name of a file that is written: `base` has the extension of its source, if any. */
  name(base: string): string;
}

export const imagesFiles = filesOf({
  maxMiB: 64,
  read: (bytes) => ({ kind: 'image', bytes }),
  write: bytesOfImage,
  name: (base) => base,
});

export const textsFiles = filesOf({
  maxMiB: 16,
  read: textOfFile,
  write: (content) => Buffer.from(writtenText(content)),
  name: (base) => (base.toLowerCase().endsWith('.txt') ? base : `${base}.txt`),
});

/** Files read at once: for a small file, nearly all the time is waiting. */
const parallelReads = 16;

function filesOf(content: FileContent): FormatFiles {
  return {
    read: (store, { pieces }) =>
      readAhead(pieces, parallelReads, (piece) => readFile(store, piece, content)),
    readLabels: (_, shard) => readLabels(shard, content),
    write: async (examples, _, { task }) =>
      examples.map((example) => fileOf(example, content, task.multiLabel === true)),
  };
}

/** Yields the labels from the keys; no file is read. */
async function* readLabels(
  { pieces }: Shard,
  content: FileContent,
): AsyncGenerator<LabelOnly | Rejected> {
  for (const piece of pieces) yield labelOf(piece, content);
}

async function readFile(
  store: ObjectStore,
  piece: Piece,
  file: FileContent,
): Promise<Example | Rejected> {
  const item = labelOf(piece, file);
  if (isRejected(item)) return item;
  const bytes = await bytesOf(await store.read(piece.key, { version: piece.version }));
  const content = file.read(bytes);
  return typeof content === 'string' ? { id: item.id, reason: content } : { ...item, content };
}

function labelOf(piece: Piece, { maxMiB }: FileContent): LabelOnly | Rejected {
  const { bytes } = piece;
  const id = nameOf(piece);
  if (bytes > maxMiB * 2 ** 20) {
    return { id, reason: `The file has ${bytes} bytes; at most ${maxMiB} MiB are read.` };
  }
  const folders = id.split('/').slice(0, -1);
  return { id, label: folders[0] };
}

/**
 * Makes a file of an example, in the folder of its class if it has one.
 * @throws UserError if the name of the class cannot be that of a folder.
 */
function fileOf({ id, label, content }: Example, file: FileContent, isList: boolean): DataFile {
  const name = label !== undefined && isList ? withSemicolons(label) : label;
  if (name?.includes('/')) {
    throw new UserError(
      `the label '${name}' cannot be the name of a folder, because it has a slash`,
      'Rename the class, or use another format, such as webdataset.',
    );
  }
  const folder = name === undefined ? '' : `${name}/`;
  return { name: `${folder}${file.name(fileName(id))}`, bytes: file.write(content) };
}

/** Returns a file name for an id, a path: a digest separates files of different folders. */
function fileName(id: string): string {
  return `${createHash('sha256').update(id).digest('hex').slice(0, 8)}-${id.split('/').at(-1)}`;
}
