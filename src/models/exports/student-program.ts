import type { Features } from '../../data/features/index.ts';
import type { tfTypes } from '../../tensorflow.ts';
import type { StudentDescription } from '../student-description.ts';
import { classSumsWeight, outputActivation } from '../topology.ts';
import { NotExportable, OperationList, type Program, type Value } from './operations.ts';
import { appendInputs } from './raw-inputs.ts';
import { appendNetwork } from './walk.ts';

/**
 * Converts a student to operations, from raw examples to the probabilities of classes or labels.
 * @param model Outputs logits, of the classes or of all their subclasses.
 * @throws NotExportable if a layer or the features have no operations.
 */
export function studentProgram(
  model: tfTypes.LayersModel,
  description: StudentDescription,
): Program {
  const list = new OperationList();
  const { inputs, features } = appendInputs(list, description.features);
  return { inputs, ...appendProbabilities(list, model, description, features) };
}

/** Returns why a student cannot be converted to operations; undefined if it can. */
export function whyNoProgram(model: tfTypes.LayersModel, features: Features): string | undefined {
  try {
    studentProgram(model, { classes: [], features, createdBy: '' });
    return undefined;
  } catch (error) {
    if (error instanceof NotExportable) return error.message;
    throw error;
  }
}

/**
 * Appends the head of a student that reads embeddings.
 * @param model A model of subclasses outputs probabilities, others logits.
 * @param embedding The value that it reads.
 */
export function appendHead(
  list: OperationList,
  model: tfTypes.LayersModel,
  description: StudentDescription,
  embedding: Value,
): Pick<Program, 'operations' | 'output'> {
  if (description.subclasses === undefined) {
    return appendProbabilities(list, model, description, embedding);
  }
  const output = appendNetwork(list, model, [embedding]);
  return { operations: list.operations, output };
}

/** Appends the network of a student with its output. @param features The value that it reads. */
function appendProbabilities(
  list: OperationList,
  model: tfTypes.LayersModel,
  { classes, subclasses, multiLabel }: StudentDescription,
  features: Value,
): Pick<Program, 'operations' | 'output'> {
  const logits = appendNetwork(list, model, [features]);
  const by = outputActivation(multiLabel === true);
  let output = list.add(by, { kind: 'activation', by }, [logits]);
  if (subclasses !== undefined) {
    const kernel = classSumsWeight(classes.length, subclasses);
    output = list.add(
      'class_sums',
      { kind: 'dense', kernel, bias: undefined, isExact: true },
      [output],
      [classes.length],
    );
  }
  return { operations: list.operations, output };
}
