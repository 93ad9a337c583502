import { UserError } from '../../errors.ts';
import { binaryRows, type OutputName } from './distributions.ts';
import { type LoadedModel, type Port, portsText, shapeText } from './loaded-model.ts';

/**
 * Returns the input of a model that reads one tensor of features.
 * @throws UserError if there is not exactly one.
 */
export function onlyInput(model: LoadedModel, name: string): Port {
  const [input, ...others] = model.inputs;
  if (input === undefined || others.length > 0) {
    throw new UserError(
      `${name} has ${model.inputs.length} inputs (${portsText(model.inputs)}), and a teacher of images or vectors must have one`,
      'Export a model that takes the example alone, as one tensor.',
    );
  }
  return input;
}

/** Facts of the task and the config about the output with the classes. */
export interface ClassScores {
  readonly classes: number;
  readonly output: OutputName;
  /** The field of the task. */
  readonly multiLabel?: boolean | undefined;
}

/**
 * Returns the output with the classes: the output that the config names, or the only float output.
 * @throws UserError if there is none, or more than one, or it does not have one column per class.
 */
export function classOutput(
  model: LoadedModel,
  name: string,
  scores: ClassScores,
  outputName: string | undefined,
  embeddingName: string | undefined,
): Port {
  const output =
    outputName === undefined
      ? onlyFloats(model, name, scores, embeddingName)
      : namedOutput(model, name, 'outputName', outputName);
  checkClasses(output.shape, output.name, name, scores);
  return output;
}

/** @throws UserError if there is no such output, or it does not hold floats. */
export function namedOutput(
  model: LoadedModel,
  name: string,
  field: 'outputName' | 'embeddingName',
  wanted: string,
): Port {
  const output = model.outputs.find((port) => port.name === wanted);
  if (output === undefined) {
    throw new UserError(
      `teacher.${field}: '${wanted}' is not an output of ${name}; it has ${portsText(model.outputs)}`,
    );
  }
  if (!isFloat(output)) {
    throw new UserError(
      `teacher.${field}: '${wanted}' of ${name} is ${output.dtype}, and floats are needed; it has ${portsText(model.outputs)}`,
      output.dtype === 'map' ? zipMapHint : undefined,
    );
  }
  return output;
}

const zipMapHint = 'Leave out teacher.outputName: the tensor before the ZipMap is used.';

/** Returns the only output of floats, or the only one whose shape fits the classes. */
function onlyFloats(
  model: LoadedModel,
  name: string,
  scores: ClassScores,
  embeddingName: string | undefined,
): Port {
  const floats = model.outputs.filter((port) => isFloat(port) && port.name !== embeddingName);
  const fitting = floats.filter(({ shape }) => fitsClasses(shape, scores));
  const candidates = fitting.length === 0 || floats.length === 1 ? floats : fitting;
  const [output, ...others] = candidates;
  if (output === undefined) {
    throw new UserError(
      `${name} has no output of floats for the classes; it has ${portsText(model.outputs)}`,
      'Export it with the probabilities of all classes as an output.',
    );
  }
  if (others.length > 0) {
    throw new UserError(
      `${name} has ${candidates.length} outputs that may have the classes: ${portsText(candidates)}`,
      fitting.length === 0
        ? `Export it with one output of all classes: [n, ${scores.classes}]. A scikit-learn model has it with options={'zipmap': False}.`
        : `Set teacher.outputName, such as ${output.name}.`,
    );
  }
  return output;
}

/** An undeclared type may be floats: a wrong type fails when the model runs. */
function isFloat({ dtype }: Port): boolean {
  return ['float32', 'float64', 'float16', 'unknown'].includes(dtype);
}

/**
 * Checks the shape of an output, declared or real: [n, classes], where axes of size 1 after the
 * first do not count. A binary classifier may give one number, unless `output` is probabilities.
 * In a multi-label task, the output has one number per label.
 *
 * @throws UserError if it has another shape.
 */
export function checkClasses(
  shape: Port['shape'],
  port: string,
  name: string,
  scores: ClassScores,
): void {
  if (shape === undefined || fitsClasses(shape, scores)) return;
  const { classes } = scores;
  throw new UserError(
    `the output '${port}' of ${name} is ${shapeText(shape)}, and the task has ${classes} classes: expected [n, ${classes}]`,
    shapeHint(classAxes(shape), scores),
  );
}

function shapeHint(axes: Port['shape'] & {}, scores: ClassScores): string {
  if (axes.length > 1) return 'Export a model that gives one number per class, not a map of them.';
  return axes.length === 0 && isBinary(scores)
    ? 'If its one number is the probability of the second class, set teacher.output: sigmoid.'
    : 'List in task.classes the classes that the teacher was trained on, in its order.';
}

/** Returns the sizes of all axes after the first, without those of size 1. */
function classAxes(shape: Port['shape'] & {}): Port['shape'] & {} {
  return shape.slice(1).filter((size) => size !== 1);
}

function isBinary({ classes, multiLabel }: ClassScores): boolean {
  return classes === 2 && multiLabel !== true;
}

function fitsClasses(shape: Port['shape'], scores: ClassScores): boolean {
  const { classes, output } = scores;
  if (shape === undefined) return true;
  const axes = classAxes(shape);
  if (axes.length === 0) return isBinary(scores) && binaryRows(output) !== undefined;
  const [columns, ...others] = axes.filter((size) => size !== undefined);
  return columns === undefined || (columns === classes && others.length === 0);
}
