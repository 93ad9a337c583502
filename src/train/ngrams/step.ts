import { textsOf } from '../../data/features/kind.ts';
import { decisionRows, manyLabels, outputsOfRows } from '../../debias/decisions.ts';
import { TextMeans } from '../../models/ngrams/means.ts';
import type { NgramsModel } from '../../models/ngrams/model.ts';
import { NgramReader } from '../../models/ngrams/reader.ts';
import type { Batch } from '../batch-shape.ts';
import { isPerLabel, openPlainLoss, type PlainLoss } from '../losses/plain.ts';
import type { OptimizerConfig } from '../optimizer-rules.ts';
import type { State, StepSettings, TrainingStep } from '../step.ts';
import { EmbeddingGradients } from './gradients.ts';
import { backward, forward } from './layers.ts';
import { partsOf } from './parts.ts';
import { restoreState, stateOf } from './state.ts';

/** Memory for the words of texts between epochs. */
const maxKeptBytes = 64 * 2 ** 20;

/**
 * Creates the training step of an `ngrams` model. It changes only the vectors of the n-grams in the
 * batch. Its time and memory therefore do not depend on the number of vectors.
 *
 * @param model is trained in place; the caller owns it.
 */
export function createNgramsStep(
  model: NgramsModel,
  config: OptimizerConfig,
  { loss = { kind: 'crossEntropy' } }: StepSettings = {},
): TrainingStep {
  const parts = partsOf(model, config);
  const plainLoss = openPlainLoss(loss);
  const answersTo = isPerLabel(loss) ? labelAnswers : answersOf;
  const reader = new NgramReader(model.shape, maxKeptBytes);
  const means = new TextMeans();
  const embeddingGradients = new EmbeddingGradients(model.shape.dimension);
  let count = 0;

  return {
    run(batch, learningRate, reweigh) {
      const { size } = batch;
      const bags = reader.read(textsOf(batch.rows));
      means.compute(bags, model.embeddings, true);
      const outputs = forward(model.layers, means.values, size);
      const answers = answersTo(outputs.at(-1)!, batch, plainLoss);
      const weights = reweigh ? reweigh(batch, answers.probabilities) : batch.weights;
      const { value, gradients } = weighted(answers, weights);
      count++;
      let passed = gradients;
      for (let index = model.layers.length - 1; index >= 0; index--) {
        const inputs = outputs[index - 1] ?? means.values;
        const found = backward(model.layers[index]!, inputs, passed, size, index > 0);
        passed = found.inputs;
        const { kernel, bias } = parts.layers[index]!;
        kernel.update(wholeOf(found.kernel), learningRate, count);
        bias.update(wholeOf(found.bias), learningRate, count);
      }
      embeddingGradients.compute(bags, means, passed, model.embeddings.count);
      parts.embeddings.update(embeddingGradients, learningRate, count);
      return { loss: value, weights, probabilities: answers.probabilities };
    },
    state: () => stateOf(parts, config, count),
    restore(state: State) {
      count = restoreState(parts, config, state);
    },
    updateModel() {},
    dispose() {},
  };
}

/** All weights of a layer as rows of one number, so that Adam has a second moment for each. */
function wholeOf(gradients: Float32Array) {
  const rows = Int32Array.from({ length: gradients.length }, (_, index) => index);
  return { count: gradients.length, rows, gradients };
}

/** The model's answers to a batch. */
interface Answers {
  /** [n, outputs] */
  readonly probabilities: Float32Array;
  /** [n], or [n, outputs] in a multi-label task: the loss of each decision. */
  readonly losses: Float64Array;
  /** [n, outputs]: the gradient of each decision's loss by its logits. */
  readonly gradients: Float64Array;
}

function answersOf(logits: Float64Array, batch: Batch, loss: PlainLoss): Answers {
  const { size, targets, teacherMargins } = batch;
  const outputs = targets.length / size;
  const probabilities = new Float32Array(size * outputs);
  const losses = new Float64Array(size);
  const gradients = new Float64Array(size * outputs);
  const own = { probabilities: new Float64Array(outputs), logs: new Float64Array(outputs) };
  for (let row = 0; row < size; row++) {
    const [start, end] = [row * outputs, (row + 1) * outputs];
    logSoftmax(logits, start, own.logs);
    for (let o = 0; o < outputs; o++) own.probabilities[o] = Math.exp(own.logs[o]!);
    probabilities.set(own.probabilities, start);
    const target = targets.subarray(start, end);
    const example = { target, teacherMargin: teacherMargins[row]!, ...own };
    losses[row] = loss(example, gradients.subarray(start, end));
  }
  return { probabilities, losses, gradients };
}

/** Answers to the labels of a multi-label task: each is a decision between two classes. */
function labelAnswers(logits: Float64Array, batch: Batch, loss: PlainLoss): Answers {
  const decisions = manyLabels(logits.length / batch.size);
  const pairs = new Float64Array(2 * logits.length);
  for (const [index, logit] of logits.entries()) pairs[2 * index + 1] = logit;
  const targets = decisionRows(batch.targets, decisions);
  const answers = answersOf(pairs, { ...batch, size: logits.length, targets }, loss);
  return {
    probabilities: outputsOfRows(answers.probabilities, decisions),
    losses: answers.losses,
    gradients: answers.gradients.filter((_, index) => index % 2 === 1),
  };
}

/** Computes the logarithms of the softmax of a row of logits from `start` on. */
function logSoftmax(logits: Float64Array, start: number, target: Float64Array): void {
  let most = Number.NEGATIVE_INFINITY;
  for (let o = 0; o < target.length; o++) most = Math.max(most, logits[start + o]!);
  let sum = 0;
  for (let o = 0; o < target.length; o++) sum += Math.exp(logits[start + o]! - most);
  const shift = most + Math.log(sum);
  for (let o = 0; o < target.length; o++) target[o] = logits[start + o]! - shift;
}

/** Computes the mean of the weighted losses, Σ w · loss / n. Changes the gradients in place. */
function weighted({ losses, gradients }: Answers, weights: Float32Array) {
  const n = losses.length;
  const outputs = gradients.length / n;
  let value = 0;
  for (let row = 0; row < n; row++) {
    const share = weights[row]! / n;
    value += share * losses[row]!;
    for (let o = 0; o < outputs; o++) gradients[row * outputs + o]! *= share;
  }
  return { value, gradients };
}
