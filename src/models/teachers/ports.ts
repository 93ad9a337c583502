import { UserError } from '../../errors.ts';
import { type LoadedModel, type Port, portsText, shapeText } from './loaded-model.ts';

/**
 * Returns the model's input.
 * @throws UserError if there is not exactly one, or it is not float32.
 */
export function onlyInput(model: LoadedModel, name: string): Port {
  const [input, ...others] = model.inputs;
  if (input === undefined || others.length > 0) {
    throw new UserError(
      `${name} has ${model.inputs.length} inputs (${portsText(model.inputs)}), and a teacher must have one`,
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

/**
 * Returns the output with the classes: the output that the config names, or the only float output.
 * @throws UserError if there is none, or more than one, or it does not have `classes` columns.
 */
export function classOutput(
  model: LoadedModel,
  name: string,
  classes: number,
  outputName: string | undefined,
  embeddingName: string | undefined,
): Port {
  const output =
    outputName === undefined
      ? onlyFloats(model, name, embeddingName)
      : namedOutput(model, name, 'outputName', outputName);
  checkClasses(output.shape, output.name, name, classes);
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

const zipMapHint =
  "Export a scikit-learn classifier with tensors instead of a ZipMap: to_onnx(model, X, options={'zipmap': False}).";

function onlyFloats(model: LoadedModel, name: string, embeddingName: string | undefined): Port {
  const candidates = model.outputs.filter((port) => isFloat(port) && port.name !== embeddingName);
  const [output, ...others] = candidates;
  if (output === undefined) {
    throw new UserError(
      `${name} has no output of floats for the classes; it has ${portsText(model.outputs)}`,
      model.outputs.some(({ dtype }) => dtype === 'map') ? zipMapHint : undefined,
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

/** @throws UserError if an output's shape, declared or real, is not [n, classes]. */
export function checkClasses(
  shape: Port['shape'],
  output: string,
  name: string,
  classes: number,
): void {
  if (shape === undefined) return;
  const found = shape[1];
  if (shape.length === 2 && (found === undefined || found === classes)) return;
  throw new UserError(
    `the output '${output}' of ${name} is ${shapeText(shape)}, and the task has ${classes} classes: expected [n, ${classes}]`,
    shape.length === 2 && found === 1 && classes === 2
      ? 'Export a binary classifier with one output per class: [1 - p, p].'
      : 'List in task.classes the classes that the teacher was trained on, in its order.',
  );
}
