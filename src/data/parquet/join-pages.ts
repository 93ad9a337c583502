import type { DecodedArray } from 'hyparquet';

/**
 * Joins the values of pages. Numbers of one type stay in a typed array, which takes less memory.
 * @example joinPages([[1], [null, 2]]); // [1, null, 2]
 */
export function joinPages(pages: readonly DecodedArray[]): DecodedArray {
  const [first = []] = pages;
  if (pages.length < 2) return first;
  const length = pages.reduce((sum, page) => sum + page.length, 0);
  const values = emptyLike(pages, length);
  let at = 0;
  for (const page of pages) {
    for (let index = 0; index < page.length; index++) values[at + index] = page[index];
    at += page.length;
  }
  return values;
}

/** Creates an array for the values of all pages. */
function emptyLike([first = [], ...others]: readonly DecodedArray[], length: number): unknown[] {
  const Typed = first.constructor;
  if (!Array.isArray(first) && others.every((page) => page.constructor === Typed)) {
    // An array of numbers that receives only values of its own type works like a list of them.
    return new (Typed as new (length: number) => unknown[])(length);
  }
  const values = new Array<unknown>(length);
  // A list that has held null keeps objects: otherwise numbers would be stored by value at first.
  values[0] = null;
  return values;
}
