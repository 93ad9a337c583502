/**
 * WebDataset: tar archives in which the files of one example are adjacent and share their name up
 * to its first dot. An example is 000017.jpg with 000017.cls
 * (https://github.com/webdataset/webdataset).
 *
 * Nothing is written to disk, so the names in an archive can do no harm. Links, and names that lead
 * out of the archive, are rejected nevertheless, because such an archive is suspicious.
 */
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { extract, type Header, pack } from 'tar-stream';
import { bytesOf } from '../../store/bytes.ts';
import type { ObjectStore } from '../../store/store.ts';
import type { Example, Rejected } from '../example.ts';
import { bytesOfImage, imageExtensions, imageType } from '../features/image-file.ts';
import { keyInSet } from '../layout.ts';
import { isLabeled, type Piece, type SetName, type Shard } from '../shard.ts';
import type { DataFile, FormatFiles } from './format.ts';

export const webdatasetFiles: FormatFiles = { read: readWebDataset, write: writeWebDataset };

/** Upper bound on the size of an image or a label, in MiB. */
const maxMemberMiB = 64;

/** A member of an open archive: its header, and its bytes as a stream. */
interface Entry extends AsyncIterable<Uint8Array> {
  readonly header: Header;
  resume(): unknown;
}

/** The members of one example that were read so far. */
interface Sample {
  readonly name: string;
  image: Uint8Array | undefined;
  label: string | undefined;
  /** Why the sample cannot be used. */
  problem: string | undefined;
}

async function* readWebDataset(
  store: ObjectStore,
  shard: Shard,
): AsyncGenerator<Example | Rejected> {
  for (const piece of shard.pieces) yield* readArchive(store, piece, shard.set);
}

async function* readArchive(
  store: ObjectStore,
  piece: Piece,
  set: SetName,
): AsyncGenerator<Example | Rejected> {
  const archive = keyInSet(piece.key);
  const members = openArchive(await store.read(piece.key, { version: piece.version }));
  let sample: Sample | undefined;
  let member = 'its first member';
  try {
    for await (const entry of members.entries) {
      member = `'${entry.header.name}'`;
      const [name, extension] = splitName(entry.header.name);
      if (isPartOfExample(entry.header, extension)) {
        if (name !== sample?.name) {
          if (sample !== undefined) yield toExample(archive, sample);
          sample = { name, image: undefined, label: undefined, problem: undefined };
        }
        await addMember(sample, entry, extension);
      }
      entry.resume();
    }
  } catch (error) {
    if (members.sourceError !== undefined) throw members.sourceError;
    if (sample?.image !== undefined && (sample.label !== undefined || !isLabeled(set))) {
      yield toExample(archive, sample);
    }
    yield { id: archive, reason: brokenReason(error, member) };
    return;
  }
  if (sample !== undefined) yield toExample(archive, sample);
  else
    yield { id: archive, reason: 'The archive has no images; expected 000017.jpg and the like.' };
}

/** Opens an archive: its members, and the error of the source if it ended them. */
function openArchive(source: Readable) {
  const entries = extract();
  const members: { entries: AsyncIterable<Entry>; sourceError: unknown } = {
    // tar-stream's types do not state that its streams yield bytes.
    entries: entries as AsyncIterable<Entry>,
    sourceError: undefined,
  };
  source.on('error', (error) => {
    members.sourceError = error;
    entries.destroy(error);
  });
  // A consumer that stops early does not need the rest of the object.
  entries.on('close', () => source.destroy());
  source.pipe(entries);
  return members;
}

/**
 * Splits a member's name at the first dot of its last part.
 * @example splitName('train/000017.left.JPG') // ['train/000017', 'left.jpg']
 */
function splitName(name: string): [name: string, extension: string] {
  const match = /^((?:.*\/)?[^./]+)\.([^/]*)$/.exec(name);
  return [match?.[1] ?? name, match?.[2]?.toLowerCase() ?? ''];
}

function isPartOfExample({ type }: Header, extension: string): boolean {
  const known = extension === 'cls' || imageExtensions.includes(extension);
  return known && type !== 'directory';
}

async function addMember(sample: Sample, entry: Entry, extension: string): Promise<void> {
  sample.problem ??= memberProblem(entry.header);
  if (sample.problem !== undefined) return;
  const bytes = await bytesOf(entry);
  const label = extension === 'cls';
  if ((label ? sample.label : sample.image) !== undefined) {
    sample.problem = `It has more than one ${label ? 'label' : 'image'}.`;
  } else if (label) {
    sample.label = bytes.toString('utf8').trim();
  } else {
    sample.image = bytes;
  }
}

function memberProblem({ name, type, size }: Header): string | undefined {
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

function toExample(archive: string, { name, image, label, problem }: Sample): Example | Rejected {
  const id = `${archive}/${name}`;
  if (problem !== undefined) return { id, reason: problem };
  if (image === undefined) {
    return { id, reason: `It has no image (${imageExtensions.join(', ')}).` };
  }
  return { id, label: label === '' ? undefined : label, content: { kind: 'image', bytes: image } };
}

function brokenReason(error: unknown, member: string): string {
  const message = error instanceof Error ? error.message : String(error);
  return message === 'Unexpected end of data'
    ? `The archive ends in the middle of ${member} or right after it; the complete examples are used.`
    : `The archive cannot be read after ${member}: ${message}.`;
}

async function writeWebDataset(examples: readonly Example[], name: string): Promise<DataFile[]> {
  const archive = pack();
  examples.forEach(({ label, content }, index) => {
    const key = String(index).padStart(6, '0');
    const bytes = Buffer.from(bytesOfImage(content));
    // Bytes of an unknown type cannot be decoded under any name.
    archive.entry({ name: `${key}.${imageType(bytes) ?? 'webp'}`, mtime }, bytes);
    if (label !== undefined) archive.entry({ name: `${key}.cls`, mtime }, label);
  });
  archive.finalize();
  return [{ name: `${name}.tar`, bytes: await buffer(archive) }];
}

/** Time of every member, so that the same examples give the same bytes. */
const mtime = new Date(0);
