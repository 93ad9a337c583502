/**
 * Memory that the columns of a row group may take. A few bytes can stand for billions of values, so
 * the sizes that a file states are added up before anything is decoded.
 */

/** Bytes that a row group may take, however small it is in the file. */
const freeBytes = 512 * 2 ** 20;

/** Bytes that a row group may take per byte in the file. */
const bytesPerStoredByte = 64;

/** Bytes of a value in a list of decoded values, with its levels. */
export const bytesPerValue = 16;

export interface DecodeBudget {
  /** Adds bytes that will be decoded. @throws Error if the row group exceeds its limit. */
  take(bytes: number): void;
  /** Returns a function that gives back what is taken from now on: before a second attempt. */
  mark(): () => void;
}

/** @param storedBytes Size in the file of the columns that are read. */
export function createBudget(storedBytes: number): DecodeBudget {
  const limit = freeBytes + bytesPerStoredByte * storedBytes;
  let taken = 0;
  return {
    take(bytes) {
      taken += bytes;
      if (taken <= limit) return;
      throw new Error(
        `its columns take more than ${Math.round(limit / 2 ** 20)} MiB of memory, which no row group of its size needs; write it with fewer rows per row group`,
      );
    },
    mark() {
      const before = taken;
      return () => {
        taken = before;
      };
    },
  };
}
