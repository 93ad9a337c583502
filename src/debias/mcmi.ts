/**
 * A teacher that tells more of what it sees (Ye et al., "Bayes conditional distribution estimation for
 * knowledge distillation based on conditional mutual information", ICLR 2024): once it is trained, it is
 * trained further to be right and, within each class, to answer different examples differently.
 *
 *   loss(x, y) = −ln p_y(x) − λ KL(p(x) ‖ Q_y)
 *
 *   p: the teacher, class probabilities       Q_y: the mean of p over the examples of class y
 *
 * The mean of the second term is the mutual information of example and answer given the class, I(x; p | y).
 * It costs the teacher some accuracy, and is for students that learn its probabilities.
 */

/** The means of a trained teacher's answers by true class, Q: [classes, classes], row by row. */
export class ClassMeans {
  readonly #classes: number;
  readonly #sums: Float64Array;
  readonly #counts: Float64Array;

  constructor(classes: number) {
    this.#classes = classes;
    this.#sums = new Float64Array(classes * classes);
    this.#counts = new Float64Array(classes);
  }

  /**
   * @param probabilities [n, classes], row by row.
   * @param labels [n], the true classes.
   */
  add(probabilities: Float32Array, labels: ArrayLike<number>): void {
    const classes = this.#classes;
    for (let row = 0; row < labels.length; row++) {
      const label = labels[row]!;
      this.#counts[label]!++;
      for (let c = 0; c < classes; c++) {
        this.#sums[label * classes + c]! += probabilities[row * classes + c]!;
      }
    }
  }

  /** The row of a class without examples, which no loss asks for, is 0. */
  result(): Float32Array {
    return Float32Array.from(this.#sums, (sum, place) => {
      const count = this.#counts[Math.floor(place / this.#classes)]!;
      return count > 0 ? sum / count : 0;
    });
  }
}
