/**
 * A second training of the teacher that makes its probabilities more informative. It rewards right
 * answers and, within each class, different outputs for different examples (Ye et al., "Bayes
 * conditional distribution estimation for knowledge distillation based on conditional mutual
 * information", ICLR 2024).
 *
 *   loss(x, y) = −ln p_y(x) − λ KL(p(x) ‖ Q_y)
 *
 *   p: the teacher, class probabilities       Q_y: the mean of p over the examples of class y
 *
 * The mean of the second term is the mutual information of example and output given the class, I(x;
 * p | y). It costs the teacher some accuracy, and is meant for students that learn soft labels.
 */

/**
 * The means of a trained teacher's probabilities by true class, Q: [classes, classes], row-major.
 */
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
   * Adds examples.
   *
   * @param probabilities [n, classes], row-major.
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

  /** Returns Q. The row of a class without examples is 0; no loss uses it. */
  result(): Float32Array {
    return Float32Array.from(this.#sums, (sum, index) => {
      const count = this.#counts[Math.floor(index / this.#classes)]!;
      return count > 0 ? sum / count : 0;
    });
  }
}
