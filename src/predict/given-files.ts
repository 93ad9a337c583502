/** Finds the files that the user names: files, folders, objects of S3 and standard input. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { versionedTable } from '../data/cut.ts';
import type { Format } from '../data/formats/format.ts';
import { formats, isDataFile } from '../data/formats/index.ts';
import { LeftOutFiles } from '../data/left-out.ts';
import type { Piece } from '../data/shard.ts';
import { UserError } from '../errors.ts';
import { counted } from '../format.ts';
import { openStore } from '../store/open.ts';
import { RenamedStore } from '../store/renamed.ts';
import type { ObjectInfo, ObjectStore } from '../store/store.ts';
import { type FileChoice, type GivenFile, readable } from './file-choice.ts';
import { openStream } from './open-stream.ts';

/** A path that the user named. */
interface OpenPath {
  readonly store: ObjectStore;
  /** Path as the user gave it, in front of the keys. */
  readonly prefix: string;
  /** The file; undefined for all files of a folder. */
  readonly file?: ObjectInfo;
}

/** Files that were found, before they are read. */
export interface GivenFiles {
  readonly count: number;
  /** Sum of their sizes; undefined if the bytes read do not show how far the work is. */
  readonly bytes: number | undefined;
  readonly warnings: readonly string[];
  /** Lists the files, in the order of the arguments. @param onRead Called per chunk read. */
  list(onRead: (bytes: number) => void): AsyncGenerator<GivenFile>;
}

/** Name of standard input among the arguments. */
const standardInput = '-';

/**
 * Finds the files of the arguments. Lists folders twice, so that memory does not grow with them.
 *
 * @param onFile Called once per file, to check its path.
 * @throws UserError if a file does not exist, or the student cannot read it.
 */
export async function findGivenFiles(
  paths: readonly string[],
  choice: FileChoice,
  onFile: (path: string) => void = () => {},
): Promise<GivenFiles> {
  const streams = new Map<string, GivenFile>();
  const warnings: string[] = [];
  let count = 0;
  let bytes = 0;
  for (const path of paths) {
    const stream = await streamAt(path, choice);
    if (stream !== undefined) {
      if (streams.has(path)) throw new UserError(`${path} is given twice, and can be read once`);
      streams.set(path, stream);
      count++;
      continue;
    }
    const before = count;
    const leftOut = new LeftOutFiles('unlabeled');
    for await (const { piece, format } of filesOf(await openPath(path), choice, leftOut)) {
      onFile(piece.key);
      count++;
      // Other files are read in large blocks.
      const isEven = format.startsLike !== undefined || format.examplesPerPiece === 1;
      bytes += isEven ? piece.bytes : Number.POSITIVE_INFINITY;
    }
    const others = leftOut.finish().filter(({ reason }) => reason !== 'hidden or system file');
    if (count === before) throw nothingToRead(path, others, choice);
    warnings.push(...leftOutWarning(path, others));
  }
  return {
    count,
    bytes: streams.size > 0 || !Number.isFinite(bytes) ? undefined : bytes,
    warnings,
    async *list(onRead) {
      for (const path of paths) {
        const stream = streams.get(path);
        if (stream !== undefined) yield stream;
        else yield* filesOf(await openPath(path, onRead), choice);
      }
    },
  };
}

/** Opens standard input or a named pipe; undefined for other paths. */
async function streamAt(path: string, choice: FileChoice): Promise<GivenFile | undefined> {
  if (path === standardInput) return openStream('stdin', choice.stdin, choice);
  if (path.startsWith('s3://')) return undefined;
  const stats = await stat(path).catch(() => undefined);
  if (!stats?.isFIFO() && !stats?.isCharacterDevice()) return undefined;
  return openStream(path, createReadStream(path), choice);
}

async function openPath(
  path: string,
  onRead: (bytes: number) => void = () => {},
): Promise<OpenPath> {
  if (!path.startsWith('s3://')) {
    const stats = await stat(path).catch(() => undefined);
    if (stats === undefined) {
      throw new UserError(`${path} does not exist`, 'Give a file, a folder, s3://… or - .');
    }
    if (stats.isDirectory()) {
      const prefix = path === '.' ? '' : `${path.replace(/\/+$/, '')}/`;
      return {
        store: new RenamedStore(await openStore(path, 'time'), prefix, onRead),
        prefix,
      };
    }
  }
  const [folder, name] = path.startsWith('s3://')
    ? [path.replace(/\/[^/]*$/, ''), path.slice(path.lastIndexOf('/') + 1)]
    : [dirname(path), basename(path)];
  const prefix = path.slice(0, path.length - name.length);
  const isBucket = /^s3:\/\/[^/]*\/?$/.test(path);
  const store = isBucket ? undefined : await openStore(folder, 'time', 'follow');
  const file = name === '' ? undefined : await store?.head(name);
  if (store && file) return { store: new RenamedStore(store, prefix, onRead), prefix, file };
  const below = `${path.replace(/\/+$/, '')}/`;
  return { store: new RenamedStore(await openStore(path), below, onRead), prefix: below };
}

async function* filesOf(
  { store, prefix, file }: OpenPath,
  choice: FileChoice,
  leftOut?: LeftOutFiles,
): AsyncGenerator<GivenFile> {
  if (file !== undefined) {
    const key = `${prefix}${file.key}`;
    yield { store, piece: pieceOf({ ...file, key }), format: formatOf(key, choice) };
    return;
  }
  for await (const object of store.list('')) {
    const own = object.key.slice(prefix.length);
    const format = readable(choice).find((each) => isDataFile(own, each));
    leftOut?.add(own, format !== undefined);
    if (readable(choice).some(({ versionLog }) => versionLog?.test(own))) {
      throw versionedTable(object.key);
    }
    if (format !== undefined) yield { store, piece: pieceOf(object), format };
  }
}

function pieceOf({ key, version, bytes }: ObjectInfo): Piece {
  return { key, version, bytes, name: key };
}

/** Returns the format of a file that the user named. */
function formatOf(path: string, choice: FileChoice): Format {
  const held = readable(choice);
  if (choice.format !== undefined) return held[0]!;
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const hasExtension = ({ extensions }: Format) =>
    extensions.some((extension) => name.endsWith(`.${extension}`));
  const found = held.find(hasExtension);
  if (found) return found;
  const other = Object.values<Format>(formats).find(hasExtension);
  throw new UserError(
    other
      ? `the student reads examples of the kind '${choice.kind.name}', and ${path} is ${other.name}`
      : `the format of ${path} cannot be seen from its name`,
    `${accepted(choice)}${other ? '' : ' For another name, set --format.'}`,
  );
}

/** Lists the files that the student reads. */
function accepted(choice: FileChoice): string {
  const texts = readable(choice).map(
    ({ name, extensions }) => `${name} (.${extensions.join(', .')})`,
  );
  return `The student reads ${texts.join('; ')}.`;
}

function nothingToRead(
  path: string,
  others: ReturnType<LeftOutFiles['finish']>,
  choice: FileChoice,
): UserError {
  const [first] = others;
  const why =
    first === undefined
      ? 'it is empty'
      : `it has others, such as ${path.replace(/\/+$/, '')}/${first.example}`;
  return new UserError(`${path} has no files that the student reads: ${why}`, accepted(choice));
}

function leftOutWarning(path: string, others: ReturnType<LeftOutFiles['finish']>): string[] {
  if (others.length === 0) return [];
  const files = others.reduce((total, each) => total + each.files, 0);
  const reasons = others.slice(0, 8).map((each) => `${each.files} ${each.reason}`);
  const more = others.length > 8 ? ', …' : '';
  const were = files === 1 ? 'was' : 'were';
  return [
    `${path}: ${counted(files, 'file')} ${were} left out (${reasons.join(', ')}${more}), such as ${path.replace(/\/+$/, '')}/${others[0]!.example}`,
  ];
}
