/** The models of one trained teacher, or of several that are mixed. */
import { type Features, featureShape } from '../../data/features/index.ts';
import type { Rows } from '../../data/features/kind.ts';
import { type Folds, foldOf } from '../../data/folds.ts';
import { type Decisions, decisionsOf } from '../../debias/decisions.ts';
import { mix } from '../../debias/mixture.ts';
import { digestJson } from '../../digest.ts';
import type { ObjectStore } from '../../store/store.ts';
import { batchSizeFor } from '../batch-size.ts';
import { foldFolder, readModelFiles } from '../model-files.ts';
import { loadModel, type Student } from '../student.ts';
import type { Inputs } from '../teacher.ts';

/** Weights of several teachers: see `debias/mixture.ts`. */
export interface MemberWeights {
  /** For examples that did not decide the weights: [members]. */
  readonly whole: readonly number[];
  /** For the examples of each fold: [folds][members]. */
  readonly folds: readonly (readonly number[])[];
  /** Split of the examples that decided the weights. */
  readonly split: Folds;
  /**
   * Whether the models are split in the same way. Then the models of a fold are always mixed by the
   * weights of the fold, so that their answers depend on no label of it.
   */
  readonly isByFold: boolean;
}

/** Opened models. */
export interface Members {
  /** Input features, each once: the first of them, and the others. */
  readonly features: Features;
  readonly moreFeatures: readonly Features[];
  readonly decisions: Decisions;
  readonly batchSize: number;
  /**
   * Runs the models.
   *
   * @param judge whether the examples decided the weights.
   * @returns the mixed probabilities, one array per fold of the models: [n, classes].
   */
  outputs(inputs: Inputs, judge: boolean): Float32Array[];
  /** The first model of the teacher with the largest weight, and its input. */
  readonly main: Student;
  mainRows(inputs: Inputs): Rows;
  /** Frees the native memory. */
  dispose(): void;
}

interface Member {
  /** One per fold. */
  readonly models: readonly Student[];
  /** Index of its features. */
  readonly features: number;
}

/**
 * Opens the models of teachers. A teacher without a weight is not opened.
 *
 * @param folders Keys of the folders of the teachers, with the last `/`.
 * @param folds The split of the models.
 * @param weights Needed for several teachers.
 */
export async function openMembers(
  store: ObjectStore,
  folders: readonly string[],
  folds: Folds,
  weights: MemberWeights | undefined,
): Promise<Members> {
  if (folders.length > 1 && !weights) throw new Error('several teachers need weights');
  const weighted = weights ? [weights.whole, ...weights.folds] : [[1]];
  const allFeatures: Features[] = [];
  const members: (Member | undefined)[] = [];
  for (const [index, folder] of folders.entries()) {
    const isUsed = weighted.some((one) => one[index]! > 0);
    members.push(isUsed ? await openMember(store, folder, folds, allFeatures) : undefined);
  }
  const largest = weighted[0]!.indexOf(Math.max(...weighted[0]!));
  const main = members[largest]!;
  const { description } = main.models[0]!;
  const decisions = decisionsOf(description, description.classes.length);
  const [features, ...moreFeatures] = allFeatures;
  const weightsOf = (id: string, fold: number, judge: boolean) => {
    if (!weights) return [1];
    if (weights.isByFold) return weights.folds[fold]!;
    return judge ? weights.folds[foldOf(id, weights.split)]! : weights.whole;
  };
  return {
    features: features!,
    moreFeatures,
    decisions,
    batchSize: Math.min(...allFeatures.map((one) => batchSizeFor(featureShape(one)))),
    outputs(inputs, judge) {
      return Array.from({ length: folds.count }, (_, fold) => {
        const outputs = members.map(
          (member) => member && member.models[fold]!.predict(rowsOf(inputs, member.features)),
        );
        if (outputs.length === 1) return outputs[0]!;
        return mix(outputs, decisions.outputs, (row) => weightsOf(inputs.ids[row]!, fold, judge));
      });
    },
    main: main.models[0]!,
    mainRows: (inputs) => rowsOf(inputs, main.features),
    dispose() {
      for (const member of members) for (const model of member?.models ?? []) model.dispose();
    },
  };
}

/** Opens the models of one teacher, and adds its features to the list if they are new. */
async function openMember(
  store: ObjectStore,
  folder: string,
  folds: Folds,
  all: Features[],
): Promise<Member> {
  const models: Student[] = [];
  for (let fold = 0; fold < folds.count; fold++) {
    models.push(await loadModel(await readModelFiles(store, foldFolder(folder, fold))));
  }
  const { features } = models[0]!.description;
  const digest = digestJson(features, 16);
  const known = all.findIndex((one) => digestJson(one, 16) === digest);
  if (known < 0) all.push(features);
  return { models, features: known < 0 ? all.length - 1 : known };
}

function rowsOf({ rows, moreRows = [] }: Inputs, features: number): Rows {
  return features === 0 ? rows : moreRows[features - 1]!;
}
