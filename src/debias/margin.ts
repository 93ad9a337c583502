/**
 * Margins and predictions of class probabilities. The weight of an example is estimated from two
 * margins, the teacher's and the student's (after Iliopoulos et al., NeurIPS 2022).
 *
 *   margin(x) = largest class probability − second largest, in [0, 1]; 0 for a tie
 *
 * Margins are of probabilities, not of logits, so the teacher's and the student's share a scale.
 */

/**
 * Computes the margin of each row.
 *
 * @param probabilities [n, classes], row-major.
 * @returns [n]; NaN for a row of NaN.
 * @throws RangeError if there are fewer than two classes.
 * @example margins(Float32Array.of(0.75, 0.25, 0.5, 0.5), 2); // [0.5, 0]
 */
export function margins(probabilities: Float32Array, classes: number): Float32Array {
  const rows = rowCount(probabilities, classes);
  if (classes < 2) throw new RangeError(`expected at least 2 classes, got ${classes}`);
  const result = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    let largest = -Infinity;
    let second = -Infinity;
    for (let j = row * classes; j < (row + 1) * classes; j++) {
      const probability = probabilities[j]!;
      if (probability > largest) {
        second = largest;
        largest = probability;
      } else if (probability > second) {
        second = probability;
      }
    }
    result[row] = largest - second;
  }
  return result;
}

/**
 * Returns the most likely class of each row; of tied classes the lowest.
 *
 * @param probabilities [n, classes], row-major.
 * @returns [n]; −1 for a row of NaN.
 * @example predictions(Float32Array.of(0.75, 0.25, 0.5, 0.5), 2); // [0, 0]
 */
export function predictions(probabilities: Float32Array, classes: number): Int32Array {
  const rows = rowCount(probabilities, classes);
  const result = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    let best = -1;
    let bestProbability = -Infinity;
    for (let c = 0; c < classes; c++) {
      const probability = probabilities[row * classes + c]!;
      if (probability > bestProbability) {
        best = c;
        bestProbability = probability;
      }
    }
    result[row] = best;
  }
  return result;
}

/** Returns the number of rows of `classes` values. */
function rowCount(probabilities: Float32Array, classes: number): number {
  const rows = probabilities.length / classes;
  if (!Number.isInteger(rows)) {
    throw new RangeError(`expected rows of ${classes} classes, got ${probabilities.length} values`);
  }
  return rows;
}
