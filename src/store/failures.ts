import { UserError } from '../errors.ts';
import type { ByteRange } from './store.ts';

/** Errors of reading that are the same in every store. */

export function missingError(name: string): UserError {
  return new UserError(`there is no ${name}`, 'Check the location and the name; was it removed?');
}

export function changedError(name: string): UserError {
  return new UserError(
    `${name} has changed since the run was planned`,
    'Start a new run: it plans again, with the current data.',
  );
}

/**
 * Clips a range to an object, as S3 does: bytes past the end are left out.
 * @throws UserError if the range starts past the end.
 */
export function clipRange(range: ByteRange | undefined, bytes: number, name: string): ByteRange {
  if (range === undefined) return { start: 0, end: bytes };
  checkRange(range);
  if (isEmpty(range)) return { start: 0, end: 0 };
  if (range.start >= bytes) throw outsideError(name, range);
  return { start: range.start, end: Math.min(range.end, bytes) };
}

export function checkRange({ start, end }: ByteRange): void {
  if (!(Number.isSafeInteger(start) && Number.isSafeInteger(end) && 0 <= start && start <= end)) {
    throw new RangeError(`not a range of bytes: [${start}, ${end})`);
  }
}

export function isEmpty(range: ByteRange): boolean {
  return range.start === range.end;
}

export function outsideError(name: string, range: ByteRange): UserError {
  return new UserError(
    `${name} is too short: bytes ${range.start} to ${range.end} were requested`,
    'The file was cut, or has changed since the run was planned: check it and start a new run.',
  );
}
