/**
 * WebDataset: tar archives in which the files of one example are adjacent and share their name up
 * to its first dot. An example is 000017.jpg or 000017.txt with 000017.cls
 * (https://github.com/webdataset/webdataset).
 *
 * Nothing is written to disk, so the names in an archive can do no harm. Links, and names that lead
 * out of the archive, are rejected nevertheless, because such an archive is suspicious.
 */
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { extract, type Header, pack } from 'tar-stream';
import { bytesOf } from '../../store/bytes.ts';
import type { ObjectInfo, ObjectStore } from '../../store/store.ts';
import type { ColumnsConfig } from '../columns-config.ts';
import type { Content, Example, Rejected } from '../example.ts';
import { image } from '../features/image.ts';
import { bytesOfImage, imageExtensions, imageType } from '../features/image-file.ts';
import { type KindName, kindOfTask } from '../features/index.ts';
import { textKind } from '../features/text.ts';
import { nameOf } from '../layout.ts';
import { isLabeled, type Piece, type SetName, type Shard } from '../shard.ts';
import type { DataFile, FormatFiles } from './format.ts';
import { textOfFile } from './text-file.ts';
import { cutArchives } from './webdataset-cut.ts';
import { emptySample, type MemberKind, type Sample, Samples } from './webdataset-samples.ts';

export const webdatasetFiles: FormatFiles = {
  read: readWebDataset,
  write: writeWebDataset,
  cut: cutArchives,
  sampleKind,
};

const imageMembers: MemberKind = {
  noun: 'image',
  extensions: imageExtensions,
  read: (bytes) => ({ kind: 'image', bytes }),
};

const textMembers: MemberKind = { noun: 'text', extensions: ['txt'], read: textOfFile };

/** Upper bound on the size of an image, a text or a label, in MiB. */
const maxMemberMiB = 64;

/** A member of an open archive: its header, and its bytes as a stream. */
interface Entry extends AsyncIterable<Uint8Array> {
  readonly header: Header;
  resume(): unknown;
}

async function* readWebDataset(
  store: ObjectStore,
  shard: Shard,
  { task }: ColumnsConfig,
): AsyncGenerator<Example | Rejected> {
  const kind = kindOfTask(task).name === textKind.name ? textMembers : imageMembers;
  for (const piece of shard.pieces) yield* readArchive(store, piece, shard.set, kind);
}

/** Members that show the kind of the examples. */
const sampledMembers = 100;

/** Returns the kind of the first members: texts beside images are their captions. */
async function sampleKind(store: ObjectStore, object: ObjectInfo): Promise<KindName | undefined> {
  const { entries } = openArchive(await store.read(object.key, { version: object.version }));
  const found = new Set<string>();
  let members = 0;
  try {
    for await (const entry of entries) {
      found.add(splitName(entry.header.name)[1]);
      entry.resume();
      if (++members === sampledMembers) break;
    }
  } catch {
    // Reading the examples reports what is wrong with the archive.
  }
  if (imageMembers.extensions.some((extension) => found.has(extension))) return image.name;
  return textMembers.extensions.some((extension) => found.has(extension))
    ? textKind.name
    : undefined;
}

async function* readArchive(
  store: ObjectStore,
  piece: Piece,
  set: SetName,
  kind: MemberKind,
): AsyncGenerator<Example | Rejected> {
  const archive = nameOf(piece);
  const members = openArchive(await store.read(piece.key, { version: piece.version }));
  const samples = new Samples(archive, set, kind);
  let sample: Sample | undefined;
  let member = 'its first member';
  let readBytes = 0;
  try {
    for await (const entry of members.entries) {
      member = `'${entry.header.name}'`;
      const [name, extension] = splitName(entry.header.name);
      if (extension !== '' && entry.header.type !== 'directory') {
        if (name !== sample?.name) {
          if (sample !== undefined) yield* samples.finish(sample);
          sample = emptySample(name);
        }
        if (isPartOfExample(extension, kind)) await addMember(sample, entry, extension, kind);
        else sample.others.push(extension);
      }
      readBytes += bytesInArchive(entry.header);
      entry.resume();
    }
  } catch (error) {
    if (members.sourceError !== undefined) throw members.sourceError;
    if (sample?.content !== undefined && (sample.label !== undefined || !isLabeled(set))) {
      yield* samples.finish(sample);
    }
    yield isCut(error)
      ? cutShort(piece, samples, member)
      : damaged(piece, samples, { member, readBytes, error });
    return;
  }
  if (sample !== undefined) yield* samples.finish(sample);
  if (samples.count === 0) yield { id: archive, reason: samples.nothingFound() };
  else if (!members.isEnded) yield cutShort(piece, samples, member);
}

/** Size of a header, and the unit of the content after it. Two of zeros end an archive. */
const tarBlock = 512;

/** Returns the size of a member in its archive: its headers, and its content. */
function bytesInArchive({ name, size = 0, pax }: Header): number {
  // An extended header takes two more blocks: a header and, mostly, one of content.
  const extended = pax || Buffer.byteLength(name) > 100 ? 2 : 0;
  return (1 + extended + Math.ceil(size / tarBlock)) * tarBlock;
}

/**
 * Opens an archive: its members, the error of the source if it ended them, and whether the bytes so
 * far end as an archive does.
 */
function openArchive(source: Readable) {
  const entries = extract();
  const members: { entries: AsyncIterable<Entry>; sourceError: unknown; isEnded: boolean } = {
    // tar-stream's types do not state that its streams yield bytes.
    entries: withSizes(entries as AsyncIterable<Entry>),
    sourceError: undefined,
    isEnded: false,
  };
  // An archive ends with blocks of zeros, but tar-stream does not require them.
  let tail = Buffer.alloc(0);
  source.on('data', (chunk: Uint8Array) => {
    tail = Buffer.concat([tail, chunk.subarray(-tarBlock)]).subarray(-tarBlock);
    members.isEnded = tail.length === tarBlock && tail.every((byte) => byte === 0);
  });
  source.on('error', (error) => {
    members.sourceError = error;
    entries.destroy(error);
  });
  // A consumer that stops early does not need the rest of the object.
  entries.on('close', () => source.destroy());
  source.pipe(entries);
  return members;
}

/** Refuses a member whose size is not a number: tar-stream would wait for its end for ever. */
async function* withSizes(entries: AsyncIterable<Entry>): AsyncGenerator<Entry> {
  for await (const entry of entries) {
    const { name, size } = entry.header;
    if (!Number.isSafeInteger(size)) throw new Error(`the size of '${name}' is not a number`);
    yield entry;
  }
}

/**
 * Splits a member's name at the first dot of its last part.
 * @example splitName('train/000017.left.JPG') // ['train/000017', 'left.jpg']
 */
function splitName(name: string): [name: string, extension: string] {
  const match = /^((?:.*\/)?[^./]+)\.([^/]*)$/.exec(name);
  return [match?.[1] ?? name, match?.[2]?.toLowerCase() ?? ''];
}

function isPartOfExample(extension: string, { extensions }: MemberKind): boolean {
  return extension === 'cls' || extensions.includes(extension);
}

async function addMember(
  sample: Sample,
  entry: Entry,
  extension: string,
  { noun }: MemberKind,
): Promise<void> {
  sample.problem ??= memberProblem(entry.header);
  if (sample.problem !== undefined) return;
  const bytes = await bytesOf(entry);
  const label = extension === 'cls';
  if ((label ? sample.label : sample.content) !== undefined) {
    sample.problem = `It has more than one ${label ? 'label' : noun}.`;
  } else if (label) {
    sample.label = bytes;
  } else {
    sample.content = bytes;
    sample.extension = extension;
  }
}

function memberProblem({ name, type, size = 0 }: Header): string | undefined {
  if (type !== 'file' && type !== 'contiguous-file') {
    return `The archive's member '${name}' is a ${type}; expected a file.`;
  }
  if (name.startsWith('/') || name.split('/').includes('..')) {
    return `The archive's member '${name}' leads out of the archive.`;
  }
  if (size > maxMemberMiB * 2 ** 20) {
    return `The archive's member '${name}' has ${size} bytes; at most ${maxMemberMiB} MiB are read.`;
  }
  return undefined;
}

/** Returns whether an error means that the data end too early. */
function isCut(error: unknown): boolean {
  // A stream is destroyed if its member is being read when the data end.
  return ['Unexpected end of data', 'Stream was destroyed'].includes(messageOf(error));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Rejects the rest of an archive that ends too early. All of its bytes were read. */
function cutShort(piece: Piece, samples: Samples, member: string): Rejected {
  const { bytes, usualBytes } = piece;
  const lost = samples.countIn((usualBytes ?? 0) - 2 * tarBlock - bytes, bytes);
  const unknown =
    usualBytes === undefined
      ? ' How many examples it has lost is not known: no other archive shows its usual size.'
      : '';
  return {
    id: nameOf(piece),
    reason: `The archive ends in the middle of ${member} or right after it; the complete examples are used.${unknown}`,
    ...(lost > 1 && { lost }),
  };
}

/** Rejects the rest of an archive that cannot be read after `readBytes`. */
function damaged(
  piece: Piece,
  samples: Samples,
  { member, readBytes, error }: { member: string; readBytes: number; error: unknown },
): Rejected {
  const lost = samples.countIn(piece.bytes - 2 * tarBlock - readBytes, readBytes);
  return {
    id: nameOf(piece),
    reason: `The archive cannot be read after ${member}: ${messageOf(error)}.`,
    ...(lost > 1 && { lost }),
  };
}

async function writeWebDataset(examples: readonly Example[], name: string): Promise<DataFile[]> {
  const archive = pack();
  examples.forEach(({ label, content }, index) => {
    const key = String(index).padStart(6, '0');
    const { extension, bytes } = memberOf(content);
    archive.entry({ name: `${key}.${extension}`, mtime }, bytes);
    if (label !== undefined) archive.entry({ name: `${key}.cls`, mtime }, label);
  });
  archive.finalize();
  return [{ name: `${name}.tar`, bytes: await buffer(archive) }];
}

function memberOf(content: Content): { extension: string; bytes: Buffer } {
  if (content.kind === 'text') return { extension: 'txt', bytes: Buffer.from(content.text) };
  const bytes = Buffer.from(bytesOfImage(content));
  // Bytes of an unknown type cannot be decoded under any name.
  return { extension: imageType(bytes) ?? 'webp', bytes };
}

/** Time of every member, so that the same examples give the same bytes. */
const mtime = new Date(0);
