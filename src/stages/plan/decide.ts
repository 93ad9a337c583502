import type { Config } from '../../config/schema.ts';
import { type MethodName, methodOf } from '../../debias/methods.ts';
import { digestJson } from '../../digest.ts';
import { allBaselines } from '../../distill/baselines/index.ts';
import { checkOwnNetworks } from '../../distill/own-networks.ts';
import { networkFeatures } from '../../models/encoders/planned.ts';
import { type NetworkFile, pinNetworkFiles } from '../../models/network-files.ts';
import type { NetworkConfig } from '../../models/networks/index.ts';
import { teacherDigest } from '../../models/teacher-digest.ts';
import { teacherKindOf } from '../../models/teachers/index.ts';
import { memberNames, membersOf } from '../../models/teachers/trained-kind.ts';
import type { ShardItem } from '../../run/events.ts';
import { needs, type Plan, planDecisions, type Variant } from '../../run/plan-file.ts';
import type { RunToPlan } from './run-to-plan.ts';

/** The part of a plan that depends on the config and on the labeled examples. */
export type PlannedModels = Pick<
  Plan,
  'config' | 'classes' | 'features' | 'encoders' | 'variants' | 'baselines' | 'networkFiles'
> & {
  readonly teacher: Omit<Plan['teacher'], 'doubts'>;
  readonly warnings: readonly string[];
};

/** The labels that judge the teacher. */
export interface Judgement {
  /** Their shards. */
  readonly judging: readonly ShardItem[];
  /** Whether they calibrate it. */
  readonly isCalibrated: boolean;
}

/**
 * Decides which students to train, and what identifies the teacher.
 *
 * @param labeled The shards that a trained teacher learns.
 * @throws UserError if a network of the user cannot be trained, or a file is missing.
 */
export async function decide(
  { config, data }: RunToPlan,
  classes: string[],
  { features, encoders }: Pick<Plan, 'features' | 'encoders'>,
  labeled: readonly ShardItem[],
  { judging, isCalibrated }: Judgement,
): Promise<PlannedModels> {
  const variants = makeVariants(config);
  const { teacher, student } = config;
  const studentFiles = await pinNetworkFiles(data, student);
  const networks = membersOf(teacher);
  const memberFiles = await Promise.all(networks.map((one) => pinNetworkFiles(data, one)));
  const networkFiles = uniqueFiles([...studentFiles, ...memberFiles.flat()]);
  const baselines = listBaselines(config);
  const decided = { config, classes, features, encoders, variants, networkFiles, baselines };
  const warnings = await checkOwnNetworks(data, decided);
  const names = memberNames(networks);
  const members = networks.map((network, index) => ({
    name: names[index]!,
    digest: trainedTeacherDigest(decided, network, memberFiles[index]!, labeled),
  }));
  const digest =
    members.length > 0
      ? mixtureDigest(members, config, judging)
      : await teacherDigest(data, teacher, features, classes, config.task);
  const labels = isCalibrated ? calibratedDigest(digest, decided, judging) : digest;
  const kind = teacherKindOf(teacher)!.name;
  return { ...decided, warnings, teacher: { kind, digest, members, labels } };
}

/** Increased when the fit of a mixture changes, so that labels are not mixed up. */
const mixtureVersion = 1;

/**
 * Digests everything that the answers of several teachers depend on, whatever their order. A single
 * teacher keeps its digest.
 */
function mixtureDigest(
  members: Plan['teacher']['members'],
  { folds, seed }: Config,
  judging: readonly ShardItem[],
): string {
  const digests = members.map(({ digest }) => digest).sort();
  if (digests.length === 1) return digests[0]!;
  const ids = judging.map(({ id }) => id);
  return digestJson(['mixture', mixtureVersion, digests, folds, seed, ids], 16);
}

/** Increased when the fit of a calibration changes, so that labels are not mixed. */
const calibrationVersion = 1;

/**
 * Digests everything that calibrated labels depend on. The names of the classes match the true
 * labels with the answers of a teacher that knows no names.
 */
function calibratedDigest(
  teacher: string,
  { config: { folds, seed }, classes }: Pick<PlannedModels, 'config' | 'classes'>,
  calibrating: readonly ShardItem[],
): string {
  const ids = calibrating.map(({ id }) => id);
  const facts = ['calibrated', calibrationVersion, teacher, folds, seed, ids, classes];
  return digestJson(facts, 16);
}

/** Digests everything that the training of a teacher depends on. */
function trainedTeacherDigest(
  decided: Omit<PlannedModels, 'teacher' | 'warnings'>,
  network: NetworkConfig,
  files: readonly NetworkFile[],
  labeled: readonly ShardItem[],
): string {
  const { config, classes } = decided;
  const { loss, mcmi } = config.teacher;
  return digestJson(
    [
      network,
      loss,
      loss === 'mcmi' && mcmi,
      config.folds,
      config.seed,
      networkFeatures(decided, network),
      classes,
      labeled.map(({ id }) => id),
      ...(needs(decided, 'embeddings') ? ['embeddings'] : []),
      ...(files.length > 0 ? [{ files }] : []),
      ...(planDecisions(decided).isMultiLabel ? ['multiLabel'] : []),
    ],
    16,
  );
}

/** Returns each file once: teacher and student may be the same network. */
function uniqueFiles(files: readonly NetworkFile[]): NetworkFile[] {
  return [...new Map(files.map((file) => [file.path, file])).values()];
}

/** Lists the config's method first, then those to compare; each once. */
function makeVariants(config: Config): Variant[] {
  const variants = new Map<string, Variant>();
  for (const wanted of [config.method, ...config.compare]) {
    const method = methodNameOf(wanted);
    const { labels = defaultLabels(method, config), seed = config.seed } =
      typeof wanted === 'string' ? {} : wanted;
    const name = [
      method,
      labels === defaultLabels(method, config) ? '' : `-${labels}`,
      seed === config.seed ? '' : `-seed${seed}`,
    ].join('');
    if (!variants.has(name)) {
      variants.set(name, { name, method, labels, seed, trainer: config.trainer });
    }
  }
  return [...variants.values()];
}

/** Lists the baselines, each with where it is trained. */
function listBaselines({ trainer }: Config): Plan['baselines'] {
  return allBaselines.map(({ name, followsTrainer }) => ({
    name,
    trainer: followsTrainer ? trainer : 'function',
  }));
}

function methodNameOf(variant: Config['method']): MethodName {
  return typeof variant === 'string' ? variant : variant.method;
}

/** Returns the config's labels, unless the method needs soft ones. */
function defaultLabels(method: MethodName, { labels }: Config): Variant['labels'] {
  return methodOf(method).labels === 'soft' ? 'soft' : labels;
}
