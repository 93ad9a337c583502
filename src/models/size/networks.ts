/** Sizes of a run's networks, from its config and the files of a user-supplied teacher. */
import { sum } from '../../arrays.ts';
import { featureShape } from '../../data/features/index.ts';
import { readBytes } from '../../store/once.ts';
import type { ObjectStore } from '../../store/store.ts';
import type { TeacherConfig } from '../config.ts';
import { type FeaturesPlan, networkFeatures } from '../encoders/planned.ts';
import type { Problem } from '../networks/architecture.ts';
import { architectureOf, type NetworkConfig } from '../networks/index.ts';
import { teacherFeatures } from '../teacher-features.ts';
import { teacherFiles } from '../teacher-files.ts';
import { membersOf } from '../teachers/trained-kind.ts';
import { type NetworkSize, totalSize } from './network-size.ts';

/** Sizes of a run's networks. */
export interface Networks {
  readonly student: NetworkSize;
  /** Sum over the members, if several teachers are mixed. */
  readonly teacher: NetworkSize;
  /** Teachers that counterweight trains. */
  readonly members: readonly NetworkSize[];
  /** Pixels of an image that the teacher reads; 0 for rows and vectors. */
  readonly teacherPixels: number;
}

/**
 * Computes the sizes of a run's networks.
 * @param data The dataset. The config's paths are relative to it.
 */
export async function networksOf(
  data: ObjectStore,
  { teacher, student }: { readonly teacher: TeacherConfig; readonly student: NetworkConfig },
  plan: FeaturesPlan,
  classes: number,
): Promise<Networks> {
  const readFile = (key: string) => readBytes(data, key);
  const shapeOf = (network: NetworkConfig) => featureShape(networkFeatures(plan, network));
  const sizeOf = (network: NetworkConfig) => {
    const problem: Problem = { inputShape: shapeOf(network), classes, readFile };
    return architectureOf(network).size(network, problem);
  };
  const networks = membersOf(teacher);
  const members = await Promise.all(networks.map(sizeOf));
  const sizes = { student: await sizeOf(student), members };
  if (members.length > 0) {
    const teacherPixels = sum(networks.map((network) => pixelsOf(shapeOf(network))));
    return { ...sizes, teacher: totalSize(members), teacherPixels };
  }
  const shape = featureShape(teacherFeatures(teacher, plan.features));
  const { kind, ...found } = await teacherFiles(data, teacher);
  return {
    ...sizes,
    teacher: await kind.size({ ...found, store: data, shape }),
    teacherPixels: pixelsOf(shape),
  };
}

function pixelsOf([height = 0, width = 0]: readonly number[]): number {
  return height * width;
}
