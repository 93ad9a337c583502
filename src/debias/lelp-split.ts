/** The linear algebra of LELP (`lelp.ts`): splits the classes by moments of the embeddings. */
import { CholeskyDecomposition, EigenvalueDecomposition, Matrix, SVD } from 'ml-matrix';
import { sum } from '../arrays.ts';
import { probabilityFloor } from './cross-entropy.ts';
import type { Subclasses } from './lelp.ts';

/** Ridge added to the variances, as a share of their mean, so that the covariance is invertible. */
const ridgeShare = 1e-6;
/** Variance below this share of the mean variance is rounding. */
const roundingShare = 1e-9;
/** Ridge if all variances are 0. */
const tiny = 1e-12;

/** Sums over examples, of constant size. */
class Moments {
  count = 0;
  readonly sum: Float64Array;
  /** Σ h hᵀ, the lower triangle only. */
  readonly products: Float64Array;

  constructor(size: number) {
    this.sum = new Float64Array(size);
    this.products = new Float64Array(size * size);
  }

  add(values: Float32Array): void {
    const size = this.sum.length;
    this.count++;
    for (let row = 0; row < size; row++) {
      const value = values[row]!;
      this.sum[row]! += value;
      for (let column = 0; column <= row; column++) {
        this.products[row * size + column]! += value * values[column]!;
      }
    }
  }

  mean(): number[] {
    return Array.from(this.sum, (sum) => sum / Math.max(this.count, 1));
  }

  covariance(): Matrix {
    const mean = this.mean();
    const size = mean.length;
    const covariance = new Matrix(size, size);
    for (let row = 0; row < size; row++) {
      for (let column = 0; column <= row; column++) {
        const product = this.products[row * size + column]! / Math.max(this.count, 1);
        const value = product - mean[row]! * mean[column]!;
        covariance.set(row, column, value);
        covariance.set(column, row, value);
      }
    }
    return covariance;
  }
}

/** Statistics of the teacher's embeddings, from which the classes are split. */
export class EmbeddingStatistics {
  readonly #all: Moments;
  readonly #ofClass: readonly Moments[];
  /** Σ h zᵀ and Σ z, with z the log-probabilities less their mean. */
  readonly #scoreProducts: Matrix;
  readonly #scoreSums: Float64Array;

  constructor(embeddingSize: number, classes: number) {
    this.#all = new Moments(embeddingSize);
    this.#ofClass = Array.from({ length: classes }, () => new Moments(embeddingSize));
    this.#scoreProducts = Matrix.zeros(embeddingSize, classes);
    this.#scoreSums = new Float64Array(classes);
  }

  /**
   * Adds an example.
   *
   * @param embedding [embeddingSize]
   * @param prediction the teacher's class, to which the example is counted.
   * @param probabilities [classes]
   */
  add(embedding: Float32Array, prediction: number, probabilities: Float32Array): void {
    this.#all.add(embedding);
    this.#ofClass[prediction]!.add(embedding);
    const logs = Array.from(probabilities, (p) => Math.log(Math.max(p, probabilityFloor)));
    const mean = sum(logs) / logs.length;
    logs.forEach((log, c) => {
      this.#scoreSums[c]! += log - mean;
      for (const [row, value] of embedding.entries()) {
        const product = this.#scoreProducts.get(row, c) + value * (log - mean);
        this.#scoreProducts.set(row, c, product);
      }
    });
  }

  /**
   * Splits every class.
   *
   * @param rotationOf returns a rotation of S dimensions for each class: `randomRotation`.
   */
  split(subclasses: number, rotationOf: (index: number) => Matrix): Subclasses {
    const covariance = this.#all.covariance();
    const projection = this.#projection(covariance);
    const least = (roundingShare * covariance.trace()) / covariance.rows;
    const directions: number[][] = [];
    const offsets: number[] = [];
    this.#ofClass.forEach((moments, index) => {
      const { axes, variance } = mainAxes(
        projection.mmul(moments.covariance()).mmul(projection),
        subclasses,
      );
      // A class with equal embeddings cannot be split: all scores are 0.
      const scale = variance > least ? 1 / Math.sqrt(variance) : 0;
      const rows = projection.mmul(axes).mmul(rotationOf(index)).mul(scale).transpose();
      const mean = Matrix.columnVector(moments.mean());
      directions.push(...rows.to2DArray());
      offsets.push(...rows.mmul(mean).to1DArray());
    });
    return { subclasses, directions, offsets };
  }

  /** I − W⁺ W: [embeddingSize, embeddingSize]. */
  #projection(covariance: Matrix): Matrix {
    const size = covariance.rows;
    const means = Matrix.columnVector(this.#all.mean());
    const scoreMeans = Matrix.rowVector(
      Array.from(this.#scoreSums, (sum) => sum / this.#all.count),
    );
    const products = Matrix.div(this.#scoreProducts, this.#all.count).sub(means.mmul(scoreMeans));
    // A constant entry, such as a unit that is always 0, would make it singular.
    const ridge = Matrix.eye(size, size).mul((ridgeShare * covariance.trace()) / size + tiny);
    const weights = new CholeskyDecomposition(Matrix.add(covariance, ridge)).solve(products);
    const { leftSingularVectors, diagonal, threshold } = new SVD(weights, { autoTranspose: true });
    const projection = Matrix.eye(size, size);
    diagonal.forEach((singular, index) => {
      // Scores that sum to 0 span one dimension less than there are classes.
      if (singular <= Math.max(threshold, ridgeShare * diagonal[0]!)) return;
      const axis = leftSingularVectors.getColumnVector(index);
      projection.sub(axis.mmul(axis.transpose()));
    });
    return projection;
  }
}

/**
 * Returns the eigenvectors of the largest eigenvalues, as columns, each with its largest entry
 * positive, padded with zeros; and the mean of those eigenvalues.
 */
function mainAxes(covariance: Matrix, count: number): { axes: Matrix; variance: number } {
  const { eigenvectorMatrix, realEigenvalues } = new EigenvalueDecomposition(covariance, {
    assumeSymmetric: true,
  });
  const size = covariance.rows;
  const axes = Matrix.zeros(size, count);
  let sum = 0;
  // Eigenvalues are in ascending order.
  for (let index = 0; index < Math.min(count, size); index++) {
    const axis = eigenvectorMatrix.getColumn(size - 1 - index);
    const largest = axis.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a));
    axes.setColumn(
      index,
      axis.map((value) => value * Math.sign(largest)),
    );
    sum += Math.max(realEigenvalues[size - 1 - index]!, 0);
  }
  return { axes, variance: sum / count };
}

/**
 * Draws a rotation uniformly from all (Stewart 1980): the Q of a matrix of normal numbers.
 *
 * @param random returns numbers in [0, 1).
 */
export function randomRotation(size: number, random: () => number): Matrix {
  // Box and Muller 1958.
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const rotation = new Matrix(size, size);
  for (let row = 0; row < size; row++) {
    let vector = Matrix.rowVector(Array.from({ length: size }, normal));
    for (let before = 0; before < row; before++) {
      const other = rotation.getRowVector(before);
      vector = Matrix.sub(vector, Matrix.mul(other, vector.dot(other)));
    }
    rotation.setRow(row, vector.div(vector.norm()));
  }
  return rotation;
}
