import { z } from 'zod';
import { UserError } from '../../errors.ts';
import { type Port, shapeText } from '../teachers/loaded-model.ts';
import { type ModelGraph, operatorOf, penultimate } from './model-graph.ts';

/** Names of outputs that score classes. */
const classNames = /^(logits|scores?|prob(s|abilit(y|ies))?|predictions?|softmax)\b/i;
/** Numbers of classes in ImageNet. */
const usualClasses = [1000, 1001, 21_841, 21_843];
const distributions = ['Softmax', 'LogSoftmax', 'Sigmoid', 'ArgMax'];

const classifierConfig = z.looseObject({
  architectures: z.array(z.string()).nullish(),
  /** timm. */
  num_classes: z.int().positive().nullish(),
  /** Names of classes. transformers leaves out its two default names. */
  id2label: z.record(z.string(), z.unknown()).nullish(),
});

/** Facts about a model that may be a classifier. */
export interface SuspectedClassifier {
  /** The output that would be the embedding. */
  readonly output: Port;
  /** Structure of the model, if its file can be read. */
  readonly graph: ModelGraph | undefined;
  /** The parsed `config.json`. */
  readonly config: unknown;
  /** Name of the encoder in errors. */
  readonly source: string;
}

/**
 * Refuses a classifier: its outputs are scores of its own classes, which are a poor embedding. An
 * output that the user names is not checked.
 *
 * @throws UserError with the tensor before its last layer.
 */
export function refuseClassifier({ output, graph, config, source }: SuspectedClassifier): void {
  const reason = classifierReason(output, graph, config);
  if (reason === undefined) return;
  throw new UserError(
    `${source} is a classifier, not an encoder: ${reason}`,
    graph ? correction(graph, output.name) : exportHint,
  );
}

const exportHint =
  'Export the model without its last layer, or set encoder.embeddingName to the output with the embedding.';

function correction(graph: ModelGraph, output: string): string {
  if (!graph.hasInnerOutputs) {
    return `${exportHint} In Keras: keras.Model(model.inputs, model.layers[-2].output).export(FOLDER).`;
  }
  const before = penultimate(graph, output);
  return before === undefined
    ? exportHint
    : `Set encoder.embeddingName: ${before}. It is the input of the last layer.`;
}

function classifierReason(
  { name, shape }: Port,
  graph: ModelGraph | undefined,
  config: unknown,
): string | undefined {
  const output = `its output '${name}' ${shapeText(shape)}`;
  if (classNames.test(name)) return `${output} has the name of class scores`;
  if (shape !== undefined && shape.length > 2) return undefined;
  const operator = graph && operatorOf(graph, name);
  if (operator !== undefined && distributions.includes(operator)) {
    return `${output} is computed by ${operator}`;
  }
  const width = shape?.[1];
  if (width !== undefined && usualClasses.includes(width)) {
    return `${output} has as many numbers as ImageNet has classes`;
  }
  const stated = classifierConfig.safeParse(config).data;
  const { architectures, num_classes: classes, id2label } = stated ?? {};
  const names = Object.keys(id2label ?? {}).length;
  if (names > 1 && names === width)
    return `config.json names ${names} classes, as many numbers as ${output} has`;
  const known = architectures?.find((architecture) => /For\w*Classification$/.test(architecture));
  if (known !== undefined) return `config.json names the architecture ${known}`;
  return classes && classes === width ? `config.json has num_classes: ${classes}` : undefined;
}
