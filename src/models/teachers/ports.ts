import { UserError } from '../../errors.ts';
import { binaryRows, type OutputName } from './distributions.ts';
import { type LoadedModel, type Port, portsText, shapeText } from './loaded-model.ts';

/**
 * Returns the input of a model that reads one tensor of features.
 * @throws UserError if there is not exactly one, or it is not float32.
 */
export function onlyInput(model: LoadedModel, name: string): Port {
  const [input, ...others] = model.inputs;
  if (input === undefined || others.length > 0) {
    throw new UserError(
      `${name} has ${model.inputs.length} inputs (${portsText(model.inputs)}), and a teacher of images or vectors must have one`,
      'Export a model that takes the example alone, as one tensor.',
    );
  }
  if (input.dtype !== 'float32') {
    throw new UserError(
      `${name} reads ${input.dtype} (${portsText([input])}), and a teacher must read float32`,
      'Export it with a float32 input. Pixels are (value / 255 - teacher.mean) / teacher.std.',
    );
  }
  return input;
}

/** Facts of the task and the config about the output with the classes. */
export interface ClassScores {
  readonly classes: number;
  readonly output: OutputName;
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
      ? onlyFloats(model, name, embeddingName)
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

function onlyFloats(model: LoadedModel, name: string, embeddingName: string | undefined): Port {
  const candidates = model.outputs.filter((port) => isFloat(port) && port.name !== embeddingName);
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
      `Set teacher.outputName, such as ${output.name}.`,
    );
  }
  return output;
}

/** An undeclared type may be floats: a wrong type fails when the model runs. */
function isFloat({ dtype }: Port): boolean {
  return dtype === 'float32' || dtype === 'float64' || dtype === 'unknown';
}

/**
 * Checks the shape of an output, declared or real: [n, classes], where axes of size 1 after the
 * first do not count. A binary classifier may give one number, unless `output` is probabilities.
 *
 * @throws UserError if it has another shape.
 */
export function checkClasses(
  shape: Port['shape'],
  port: string,
  name: string,
  { classes, output }: ClassScores,
): void {
  if (shape === undefined) return;
  const isBinary = classes === 2 && binaryRows(output) !== undefined;
  const axes = shape.slice(1).filter((size) => size !== 1);
  const [columns, ...others] = axes.filter((size) => size !== undefined);
  const isOpen = columns === undefined && axes.length > 0;
  if (isOpen || (columns === classes && others.length === 0)) return;
  if (axes.length === 0 && isBinary) return;
  throw new UserError(
    `the output '${port}' of ${name} is ${shapeText(shape)}, and the task has ${classes} classes: expected [n, ${classes}]`,
    axes.length === 0 && classes === 2
      ? 'If its one number is the probability of the second class, set teacher.output: sigmoid.'
      : 'List in task.classes the classes that the teacher was trained on, in its order.',
  );
}
