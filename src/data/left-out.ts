/** Counts the files in the folder of a set that are not data, so that none vanishes unnoticed. */
import { z } from 'zod';
import type { Format } from './formats/format.ts';
import { keyInSet } from './layout.ts';
import { type SetName, setNames } from './shard.ts';

/** Files of one set that are left out, by the reason. */
export const leftOutSchema = z.strictObject({
  set: z.enum(setNames),
  /** The extension, such as ".bmp"; "no extension", "hidden or system file" or "others". */
  reason: z.string(),
  files: z.int().positive(),
  /** Key of the first of them. */
  example: z.string(),
});
export type LeftOut = z.infer<typeof leftOutSchema>;

const noExtension = 'no extension';

/** The reason of files that tools and systems write next to the data, which are not examples. */
const systemFile = 'hidden or system file';

/** The reason of all further files, once there are `maxReasons` distinct ones. */
const otherReasons = 'others';

/** Maximum number of distinct reasons. */
const maxReasons = 50;
/** Maximum number of folders that are listed. */
const maxFolders = 20;

/** Extensions of images that cannot be read. */
const otherImages =
  /\.(bmp|gif|tiff?|heic|heif|avif|jp2|jxl|svg|ico|psd|raw|dng|nef|cr2|exr|ppm|pgm)$/i;

/** A folder of which all files are left out. */
export interface EmptiedFolder {
  readonly folder: string;
  /** Whether some of the files seem to be images, so that the folder seems to be a class. */
  readonly hasImages: boolean;
}

/** Counts the files of one set, in the order of their keys, with constant memory. */
export class LeftOutFiles {
  /** Folders of which all files are left out, except system files. */
  readonly emptied: EmptiedFolder[] = [];
  readonly #set: SetName;
  readonly #counts = new Map<string, { files: number; example: string }>();
  #folder = '';
  #hasData = false;
  #hasImages = false;
  #hasOthers = false;

  constructor(set: SetName) {
    this.#set = set;
  }

  /** Takes the next object of the set's folder. */
  add(key: string, isData: boolean): void {
    const folder = keyInSet(key).split('/').slice(0, -1)[0] ?? '';
    if (folder !== this.#folder) this.#nextFolder(folder);
    this.#hasData ||= isData;
    if (isData) return;
    const reason = reasonOf(key);
    // Markers are part of the layout, and a key with a "/" at its end is a folder in S3.
    if (reason === undefined) return;
    if (reason !== systemFile) {
      // A file without an extension may be an image, too.
      this.#hasImages ||= otherImages.test(key) || reason === noExtension;
      this.#hasOthers = true;
    }
    const isListed = this.#counts.has(reason) || this.#counts.size < maxReasons;
    const listed = isListed ? reason : otherReasons;
    const counts = this.#counts.get(listed);
    if (counts) counts.files++;
    else this.#counts.set(listed, { files: 1, example: key });
  }

  /** Ends the set. @returns the files that were left out, the most frequent reason first. */
  finish(): LeftOut[] {
    this.#nextFolder('');
    return [...this.#counts]
      .map(([reason, counts]) => ({ set: this.#set, reason, ...counts }))
      .sort((a, b) => b.files - a.files);
  }

  #nextFolder(folder: string): void {
    const isEmptied = this.#folder !== '' && this.#hasOthers && !this.#hasData;
    if (isEmptied && this.emptied.length < maxFolders) {
      this.emptied.push({ folder: this.#folder, hasImages: this.#hasImages });
    }
    this.#folder = folder;
    this.#hasData = false;
    this.#hasImages = false;
    this.#hasOthers = false;
  }
}

function reasonOf(key: string): string | undefined {
  const name = key.slice(key.lastIndexOf('/') + 1);
  if (name === '' || name === '_SUCCESS') return undefined;
  if (/(^|\/)(\.|__MACOSX\/)/.test(key)) return systemFile;
  if (/^(thumbs\.db$|desktop\.ini$|ehthumbs)/i.test(name)) return systemFile;
  // Spark gives such names to its own files and folders; cameras name images _DSC0001.
  if (/(^|\/)_[^/=]*(\/|$)/.test(key) && !otherImages.test(key)) return systemFile;
  return /\.[^.]+$/.exec(name)?.[0].toLowerCase() ?? noExtension;
}

/**
 * Describes files that were left out, one sentence per set; none for system files.
 * @example 'labeled/: 4 files were left out (3 .bmp, 1 .gif), such as labeled/owl/0.bmp. …'
 */
export function leftOutWarnings(leftOut: readonly LeftOut[], format: Format): string[] {
  return setNames.flatMap((set) => {
    const own = leftOut.filter((each) => each.set === set && each.reason !== systemFile);
    if (own.length === 0) return [];
    const files = own.reduce((total, each) => total + each.files, 0);
    const kinds = own.slice(0, 8).map((each) => `${each.files} ${each.reason}`);
    const were = files === 1 ? '1 file was' : `${files} files were`;
    return [
      `${set}/: ${were} left out (${kinds.join(', ')}${own.length > 8 ? ', …' : ''}), such as ${own[0]!.example}. ` +
        `data.format ${format.name} reads ${format.extensions.join(', ')}.`,
    ];
  });
}

/** Describes classes of a set that vanish because all of their files are left out. */
export function emptiedWarnings(
  set: SetName,
  folders: readonly EmptiedFolder[],
  { foldersAreClasses, extensions }: Format,
): string[] {
  if (!foldersAreClasses) return [];
  return folders.map(
    ({ folder }) =>
      `all files of ${set}/${folder}/ are left out, so the ${set} set has no example of the class ${folder}: ` +
      `convert them to ${extensions.join(', ')}`,
  );
}
