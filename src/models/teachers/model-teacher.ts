import { product } from '../../arrays.ts';
import type { Features } from '../../data/features/index.ts';
import { row } from '../../data/features/row.ts';
import { decisionsOf } from '../../debias/decisions.ts';
import { UserError } from '../../errors.ts';
import type { Inputs, Predictions, Teacher } from '../teacher.ts';
import { columnsInput } from './columns-input.ts';
import { binaryRows, distributionReader } from './distributions.ts';
import { featuresInput } from './features-input.ts';
import { checkProblemType, columnsOf, labelNames } from './label-names.ts';
import { fittingLayouts, type Layout } from './layout.ts';
import {
  type LoadedModel,
  type Output,
  ownModel,
  type Port,
  portsText,
  shapeText,
} from './loaded-model.ts';
import type { ModelInput } from './model-input.ts';
import { checkClasses, classOutput, namedOutput, onlyInput } from './ports.ts';
import { runBatch } from './run-batch.ts';
import type { InputConfig, OutputConfig } from './teacher-kind.ts';

export interface ModelTeacherOptions extends InputConfig, OutputConfig {
  /** Name of the model in errors: `the ONNX model teacher/model.onnx`. */
  readonly name: string;
  /** The teacher's input features. */
  readonly features: Features;
  /** Names of the classes. */
  readonly classes: readonly string[];
  /** The field of the task. */
  readonly multiLabel?: boolean | undefined;
  /** The parsed `config.json` beside the model, if there is one. */
  readonly settings?: unknown;
}

/**
 * Makes a teacher from a model; its `dispose` also disposes of the model. The model first runs on
 * blank examples. Declared shapes can be incomplete, so errors would otherwise appear only at the
 * first shard.
 *
 * @throws UserError if the model does not fit the config; the model is then disposed of.
 */
export function modelTeacher(model: LoadedModel, options: ModelTeacherOptions): Promise<Teacher> {
  return ownModel(model, () => fitted(model, options));
}

async function fitted(model: LoadedModel, options: ModelTeacherOptions): Promise<Teacher> {
  const { name, outputName, embeddingName } = options;
  const classes = options.classes.length;
  const kind = { classes, output: options.output, multiLabel: options.multiLabel };
  checkProblemType(options.settings, kind, name);
  checkLabels(model, options);
  const ports = [classOutput(model, name, kind, outputName, embeddingName)];
  if (embeddingName !== undefined) {
    ports.push(namedOutput(model, name, 'embeddingName', embeddingName));
  }
  const { input, tried } = await fittingInput(model, ports, options);
  checkClasses(tried[0]!.shape, ports[0]!.name, name, kind);
  const sizes = tried.map(({ shape }) => product(shape.slice(1)));
  const outputs = ports.map((port, index) => ({ name: port.name, size: sizes[index]! }));
  const [columns, embeddingSize] = sizes;

  const read = distributionReader(options.output, decisionsOf(options, classes), name);
  // `checkClasses` accepts one number per example only if it can be read.
  const rows = columns! < classes ? binaryRows(options.output)! : (values: Float32Array) => values;
  return {
    embeddingSize,
    batchSize: options.batchSize,
    columns: input.columns,
    async predict(inputs: Inputs): Promise<Predictions> {
      const { values, failures } = await runBatch({ model, input, outputs }, inputs);
      const [scores, embeddings] = values;
      return {
        probabilities: read(rows(scores!)),
        ...(embeddings && { embeddings }),
        ...(failures.size > 0 && { failures }),
      };
    },
    dispose() {
      model.dispose();
    },
  };
}

/** @throws UserError if the model lists the task's classes in another order. */
function checkLabels(model: LoadedModel, { name, classes, settings }: ModelTeacherOptions): void {
  const labels = model.classLabels ?? labelNames(settings) ?? [];
  const columns = columnsOf(labels, classes);
  if (columns === undefined || columns.every((column, index) => column === index)) return;
  const ordered = columns.map((_, column) => classes[columns.indexOf(column)]).join(', ');
  const where = model.classLabels === undefined ? ' (id2label in its config.json)' : '';
  throw new UserError(
    `${name} has the classes in another order than task.classes: ${ordered}${where}`,
    `Set task.classes: [${ordered}].`,
  );
}

/** An input of the model, with the shapes of the outputs for blank examples. */
interface TriedInput {
  readonly input: ModelInput;
  readonly tried: readonly Pick<Output, 'shape'>[];
}

/** Finds the input that the model accepts, and that the config states if there are several. */
async function fittingInput(
  model: LoadedModel,
  outputs: readonly Port[],
  options: ModelTeacherOptions,
): Promise<TriedInput> {
  const { name, features, columns } = options;
  if (features.kind === row.name && columns === undefined) throw askForColumns(model, options);
  if (Array.isArray(columns)) {
    const input = columnsInput(model.inputs, columns, name);
    const tried = await tryOut(model, input, outputs, options).catch((error) =>
      // Blank texts may be categories that the model does not know.
      declaredShapes(outputs, options.classes.length, error),
    );
    return { input, tried };
  }
  const port = onlyInput(model, name);
  const [first, ...others] = fittingLayouts(port, features, options.layout, name);
  const inputOf = (layout: Layout) => featuresInput(port, features, layout, name);
  if (others.length === 0) {
    return openBatch(model, inputOf(first), outputs, options);
  }
  return chosenLayout(model, outputs, [first, ...others], inputOf, options);
}

/** Tries an input, one example at a time if the graph fixes the batch without declaring it. */
async function openBatch(
  model: LoadedModel,
  input: ModelInput,
  outputs: readonly Port[],
  options: ModelTeacherOptions,
): Promise<TriedInput> {
  try {
    return { input, tried: await tryOut(model, input, outputs, options) };
  } catch (error) {
    if (input.fixedBatch !== undefined) throw error;
    const single = { ...input, fixedBatch: 1 };
    const tried = await tryOut(model, single, outputs, options).catch(() => {
      throw error;
    });
    return { input: single, tried };
  }
}

/** Returns the declared shapes of outputs. @throws the error if they do not show the sizes. */
function declaredShapes(
  [scores, ...others]: readonly Port[],
  classes: number,
  error: unknown,
): Pick<Output, 'shape'>[] {
  const shapes = [scores!.shape ?? [1, classes], ...others.map(({ shape }) => shape)];
  return shapes.map((shape) => {
    const sizes = shape?.slice(1);
    if (sizes === undefined || sizes.includes(undefined)) throw error;
    return { shape: [1, ...sizes.map(Number)] };
  });
}

/**
 * Tries layouts that all fit the declared shape.
 *
 * @throws UserError if the model accepts several that feed it other numbers: the field to set.
 */
async function chosenLayout(
  model: LoadedModel,
  outputs: readonly Port[],
  layouts: readonly Layout[],
  inputOf: (layout: Layout) => ModelInput,
  options: ModelTeacherOptions,
): Promise<TriedInput> {
  const { name } = options;
  const accepted: (TriedInput & { readonly layout: Layout })[] = [];
  let reason: unknown;
  for (const layout of layouts) {
    const input = inputOf(layout);
    try {
      accepted.push({ layout, input, tried: await tryOut(model, input, outputs, options) });
    } catch (error) {
      reason ??= error;
    }
  }
  const [first, ...others] = accepted;
  if (first === undefined) throw reason;
  const isSame = layouts.every(({ channelsFirst, shape }) => !channelsFirst || shape[0] === 1);
  if (others.length === 0 || isSame) return first;
  throw new UserError(
    `${name} reads ${portsText(model.inputs)}, which may be [n, height, width, channels] or [n, channels, height, width]`,
    'Set teacher.layout: NCHW if it was made with PyTorch, and NHWC if it was made with Keras or TensorFlow.',
  );
}

/** Asks for the columns: a model of any width would accept the student's encoding by accident. */
function askForColumns(
  { inputs }: LoadedModel,
  { name, features }: ModelTeacherOptions,
): UserError {
  const known = features.kind === row.name ? features.columns.map((column) => column.name) : [];
  const named = inputs.map((port) => port.name);
  const columns = named.every((column) => known.includes(column)) ? named : known;
  return new UserError(
    `${name} reads ${portsText(inputs)}, and teacher.columns does not say which columns of the table these are`,
    `Set teacher.columns: [${columns.join(', ')}], if it was trained on these columns in this order: they are given as they are. Set teacher.columns: encoded only if it was trained on the student's own features.`,
  );
}

/**
 * Runs the model on blank examples.
 * @throws UserError if it fails, or does not give one row per example.
 */
async function tryOut(
  model: LoadedModel,
  input: ModelInput,
  outputs: readonly Port[],
  { name, classes }: ModelTeacherOptions,
): Promise<readonly Output[]> {
  // Several examples, because one would not show a fixed batch. Their number differs from that of
  // the classes, so that an output [classes, n] is noticed.
  const n = input.fixedBatch ?? (classes.length === 2 ? 3 : 2);
  const feeds = input.feeds({ ids: [], rows: { n: 0, values: new Float32Array(0) } }, 0, n);
  const shapes = feeds.map(({ shape }) => shapeText(shape)).join(', ');
  let results: readonly Output[];
  try {
    results = await model.run(
      feeds,
      outputs.map((port) => port.name),
    );
  } catch (error) {
    throw new UserError(
      `${name} fails on an input of ${shapes}, which fits what it declares (${portsText(model.inputs)}): ${(error as Error).message}`,
      'Try the model on that shape in the tool that made it, and export it again.',
    );
  }
  for (const [index, result] of results.entries()) {
    if (result.shape[0] === n) continue;
    throw new UserError(
      `the output '${outputs[index]!.name}' of ${name} is ${shapeText(result.shape)} for an input of ${shapes}: expected one row per example`,
      'Export the model with a batch dimension that is the same for input and outputs.',
    );
  }
  return results;
}
