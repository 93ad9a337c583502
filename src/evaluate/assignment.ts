/**
 * Assigns each row of a square matrix to another column so that the sum is largest: the Hungarian
 * method with potentials and shortest augmenting paths (Kuhn 1955; Jonker and Volgenant 1987).
 * Takes O(n³) time.
 *
 * @param gains Row-major, [n, n].
 * @returns the column of each row, [n].
 * @example largestAssignment(Int32Array.of(1, 5, 4, 2), 2); // [1, 0]
 */
export function largestAssignment(gains: Int32Array | Float64Array, n: number): Int32Array {
  const potentials = { row: new Float64Array(n + 1), column: new Float64Array(n + 1) };
  // Row of each column, from 1; 0 for none. Column 0 stands for the row to assign next.
  const rowOf = new Int32Array(n + 1);
  const before = new Int32Array(n + 1);
  for (let row = 1; row <= n; row++) {
    rowOf[0] = row;
    let column = findPath(gains, n, potentials, rowOf, before);
    while (column !== 0) {
      const previous = before[column]!;
      rowOf[column] = rowOf[previous]!;
      column = previous;
    }
  }
  const columns = new Int32Array(n);
  for (let column = 1; column <= n; column++) columns[rowOf[column]! - 1] = column - 1;
  return columns;
}

/** Finds the cheapest path from the new row to a free column; writes it into `before`. */
function findPath(
  gains: Int32Array | Float64Array,
  n: number,
  potentials: { readonly row: Float64Array; readonly column: Float64Array },
  rowOf: Int32Array,
  before: Int32Array,
): number {
  const distances = new Float64Array(n + 1).fill(Number.POSITIVE_INFINITY);
  const visited = new Uint8Array(n + 1);
  let column = 0;
  do {
    visited[column] = 1;
    const row = rowOf[column]!;
    let step = Number.POSITIVE_INFINITY;
    let next = 0;
    for (let c = 1; c <= n; c++) {
      if (visited[c] === 1) continue;
      const cost = -gains[(row - 1) * n + c - 1]! - potentials.row[row]! - potentials.column[c]!;
      if (cost < distances[c]!) {
        distances[c] = cost;
        before[c] = column;
      }
      if (distances[c]! >= step) continue;
      step = distances[c]!;
      next = c;
    }
    for (let c = 0; c <= n; c++) {
      if (visited[c] === 1) {
        potentials.row[rowOf[c]!]! += step;
        potentials.column[c]! -= step;
      } else {
        distances[c]! -= step;
      }
    }
    column = next;
  } while (rowOf[column] !== 0);
  return column;
}
