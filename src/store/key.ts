import { UserError } from '../errors.ts';

/** The longest key that S3 accepts, in UTF-8 bytes. */
const maxKeyBytes = 1024;

/** @throws UserError for a key that not every store can hold, or that would leave the location. */
export function checkKey(key: string): void {
  const problem = keyProblem(key);
  if (problem !== undefined) {
    throw new UserError(
      `the key ${JSON.stringify(key)} cannot be used: ${problem}`,
      'Keys look like "labeled/0001.png": relative, with "/" between the parts.',
    );
  }
}

function keyProblem(key: string): string | undefined {
  const bytes = Buffer.from(key);
  if (key === '') return 'it is empty';
  if (key.startsWith('/')) return 'it starts with "/"';
  if (/\p{Cc}/u.test(key)) return 'it holds a control character';
  if (bytes.toString() !== key) return 'it is not valid Unicode';
  if (bytes.length > maxKeyBytes) {
    return `it has ${bytes.length} bytes, and S3 accepts at most ${maxKeyBytes}`;
  }
  if (key.split('/').some((part) => part === '.' || part === '..')) {
    return 'a part of it is "." or ".."';
  }
  return undefined;
}

/**
 * Returns the key of a file in a folder. The folder has no last `/`; '' is the whole store.
 * @example keyIn('encoder', 'model.onnx') // 'encoder/model.onnx'
 */
export function keyIn(folder: string, path: string): string {
  return folder === '' ? path : `${folder}/${path}`;
}

/**
 * Compares keys by their UTF-8 bytes, the order in which S3 lists. JavaScript's own order of
 * strings differs in one point: it puts surrogates (U+10000 and above) before U+E000.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1;
  }
  return a.length - b.length;
}

function isSurrogate(codeUnit: number): boolean {
  return codeUnit >= 0xd800 && codeUnit <= 0xdfff;
}
