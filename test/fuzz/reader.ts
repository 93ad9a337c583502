import type { Random } from '../../src/data/random.ts';

/** A reader of files that strangers wrote. */
export interface FuzzedReader {
  readonly name: string;
  /** Valid files to start from, relative to the package: folders or files. */
  readonly samples: readonly string[];
  /** Selects files of the samples, by their path. Default: all. */
  accepts?(file: string): boolean;
  /** Whether it loads a native library of models, which unit tests do not. Default: false. */
  readonly isNative?: boolean;
  /** Changes a file, and keeps enough of its format to reach the code behind the first check. */
  mutate(bytes: Buffer, random: Random, other: Buffer): Buffer;
  /**
   * Reads a file as a run does.
   * @throws UserError if the file is refused; anything else is a finding.
   */
  read(bytes: Buffer): Promise<void>;
}
