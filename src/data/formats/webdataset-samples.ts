import { isUtf8 } from 'node:buffer';
import type { Content, Example, Rejected } from '../example.ts';
import { isLabeled, type SetName } from '../shard.ts';

/** The members of one example of an archive: they are adjacent and share their name. */
export interface Sample {
  /** Name up to the first dot of its last part. */
  readonly name: string;
  /** The bytes of its image or text. */
  content: Uint8Array | undefined;
  extension: string | undefined;
  /** The bytes of its label. */
  label: Uint8Array | undefined;
  /** Extensions of members that are neither content nor label. */
  readonly others: string[];
  /** Why the sample cannot be used. */
  problem: string | undefined;
}

export function emptySample(name: string): Sample {
  const nothing = { content: undefined, extension: undefined, label: undefined };
  return { name, ...nothing, others: [], problem: undefined };
}

/** A kind of content that the members of an archive can have. */
export interface MemberKind {
  /** A noun: "image". */
  readonly noun: string;
  readonly extensions: readonly string[];
  /** Makes content of the bytes of a member, or returns a sentence on why it cannot. */
  read(bytes: Uint8Array): Content | string;
}

/** Maximum number of extensions listed in a reason. */
const maxListed = 8;

/** Makes examples of the samples of one archive, or states why a sample cannot be used. */
export class Samples {
  /** Number of examples and rejected samples so far. */
  count = 0;
  readonly #archive: string;
  readonly #isLabeled: boolean;
  readonly #kind: MemberKind;
  /** Names of samples with only content or only a label: the other half may come later. */
  readonly #halves = new Set<string>();
  readonly #extensions = new Set<string>();

  constructor(archive: string, set: SetName, kind: MemberKind) {
    this.#archive = archive;
    this.#kind = kind;
    this.#isLabeled = isLabeled(set);
  }

  /** Yields what a complete sample is: an example, one or more rejected ones, or nothing. */
  *finish(sample: Sample): Generator<Example | Rejected> {
    for (const item of this.#items(sample)) {
      this.count++;
      yield item;
    }
  }

  /** Estimates the examples in `bytes` of the archive, from those in its first `readBytes`. */
  countIn(bytes: number, readBytes: number): number {
    return bytes > 0 && readBytes > 0 ? Math.round((bytes / readBytes) * this.count) : 0;
  }

  /** Returns the reason to reject an archive without any sample. */
  nothingFound(): string {
    const found = listed([...this.#extensions].map((extension) => `.${extension}`));
    const members = found === '' ? '' : ` Its members have the extensions ${found}.`;
    const { noun, extensions } = this.#kind;
    return `The archive has no ${noun}s; expected 000017.${extensions[0]} and the like.${members}`;
  }

  *#items(sample: Sample): Generator<Example | Rejected> {
    const { name, content: bytes, label, problem, others } = sample;
    const id = `${this.#archive}/${name}`;
    if (this.#extensions.size < 2 * maxListed)
      for (const each of others) this.#extensions.add(each);
    if (problem !== undefined) yield { id, reason: problem };
    else if (bytes !== undefined && (!this.#isLabeled || textOf(label) !== undefined)) {
      yield this.#exampleOf(sample, bytes);
      yield* this.#dotted(sample, (rest) => others.includes(`${rest}.cls`));
    } else if (bytes !== undefined || (this.#isLabeled && label !== undefined)) {
      if (this.#halves.has(name)) return;
      this.#halves.add(name);
      yield { id, reason: bytes === undefined ? noContent(sample, this.#kind) : noLabel(sample) };
    } else yield* this.#dotted(sample, () => true);
  }

  #exampleOf(sample: Sample, bytes: Uint8Array): Example | Rejected {
    const { name, label } = sample;
    const id = `${this.#archive}/${name}`;
    const content = this.#kind.read(bytes);
    if (typeof content === 'string') return { id, reason: content };
    if (this.#isLabeled && label !== undefined && !isUtf8(label)) {
      const file = `${base(name)}.cls`;
      const reason = `Its label, ${file}, is not text in UTF-8. If it is in Windows-1252: iconv -f WINDOWS-1252 -t UTF-8 ${file} > NEW.`;
      return { id, reason };
    }
    return { id, label: textOf(label), content };
  }

  /**
   * Rejects content whose name has one more dot: "a.v2.png" is not the image of "a".
   * @param isExample Returns whether such a part of a name, "v2", is that of an example.
   */
  *#dotted({ name, others }: Sample, isExample: (rest: string) => boolean): Generator<Rejected> {
    for (const extension of others) {
      const at = extension.lastIndexOf('.');
      const rest = extension.slice(0, at);
      const last = extension.slice(at + 1);
      if (at < 0 || !this.#kind.extensions.includes(last) || !isExample(rest)) continue;
      // Several examples may share the part up to the first dot.
      const isComplete = others.includes(`${rest}.cls`);
      const key = isComplete ? `${base(name)}-${rest.replaceAll('.', '-')}` : base(name);
      yield {
        id: `${this.#archive}/${name}.${rest}`,
        reason:
          `Its ${this.#kind.noun} is named ${base(name)}.${extension}, which reads as the extension ${extension}: ` +
          `found ${listed(others)}; expected ${key}.${last} and ${key}.cls. The name of an example ends at its first dot.`,
      };
    }
  }
}

/** Returns the text of a label; undefined if there is none. */
function textOf(label: Uint8Array | undefined): string | undefined {
  return (label && Buffer.from(label).toString().trim()) || undefined;
}

function noLabel({ name, extension, label, others }: Sample): string {
  const key = base(name);
  if (label !== undefined) return `It has no label: ${key}.cls is empty.`;
  if (others.length > 0) {
    const beside = listed(others.map((extension) => `${key}.${extension}`));
    return `It has no label: ${beside} is beside ${key}.${extension}, but labels are read from ${key}.cls.`;
  }
  const folder = name.includes('/') ? ' The folders in an archive are not classes.' : '';
  return `It has no label: ${key}.cls is not side by side with ${key}.${extension} in the archive. ${sortHint}${folder}`;
}

function noContent({ name, others }: Sample, { noun, extensions }: MemberKind): string {
  const key = base(name);
  const found =
    others.length > 0 ? ` It has .cls, ${listed(others.map((each) => `.${each}`))}.` : '';
  return `It has no ${noun} (${extensions.join(', ')}) side by side with ${key}.cls in the archive.${found} ${sortHint}`;
}

const sortHint = 'tar --sort=name puts the files of an example side by side.';

function base(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, maxListed).join(', ');
  return names.length > maxListed ? `${shown}, …` : shown;
}
