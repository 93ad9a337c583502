/** How much work the networks of a run are, from its config and from the files of a brought teacher. */

import { text } from 'node:stream/consumers';
import { sum } from '../../arrays.ts';
import { type Features, featureShape } from '../../data/features/features.ts';
import type { ObjectStore } from '../../store/store.ts';
import type { Network, TeacherConfig } from '../config.ts';
import { teacherFeatures } from '../teacher-features.ts';
import { teacherFiles } from '../teacher-files.ts';
import { type NetworkSize, networkSize } from './network-size.ts';
import { topologySize } from './topology-size.ts';

/**
 * Assumed: how often a convolutional network uses each of its weights on an image of 224 × 224. By it
 * the size of a file gives the work of the model: 160 for ResNet-50, 200 for ViT-B/16, 75 for
 * EfficientNet-B0.
 */
const weightUses = 150;
const weightUsesPixels = 224 * 224;

/** The networks of a run. */
export interface Networks {
  readonly student: NetworkSize;
  readonly teacher: NetworkSize;
  /** Of an image, as the teacher sees it. */
  readonly teacherPixels: number;
}

/** @param data where the config's paths lead. */
export async function networksOf(
  data: ObjectStore,
  { teacher, student }: { readonly teacher: TeacherConfig; readonly student: Network },
  features: Features,
  classes: number,
): Promise<Networks> {
  const shape = featureShape(features);
  const own = { shape, classes };
  const sizes = { student: await ownSize(data, student, own), teacherPixels: pixelsOf(shape) };
  if (teacher.train) return { ...sizes, teacher: await ownSize(data, teacher.train, own) };
  const teacherShape = featureShape(teacherFeatures(teacher, features));
  const files = await teacherFiles(data, teacher);
  const topology =
    teacher.layersModel === undefined ? undefined : await readJson(data, teacher.layersModel);
  const bytes = sum(files.files.map(({ object }) => object.bytes));
  return {
    ...sizes,
    teacher:
      files.kind === 'predictions'
        ? nothing
        : (topologySize(topology, teacherShape) ?? sizeOfFile(bytes, teacherShape)),
    teacherPixels: pixelsOf(teacherShape),
  };
}

function pixelsOf([height = 0, width = 0]: readonly number[]): number {
  return height * width;
}

const nothing: NetworkSize = { macs: 0, kernels: 0, parameters: 0 };

async function ownSize(
  data: ObjectStore,
  network: Network,
  { shape, classes }: { readonly shape: readonly number[]; readonly classes: number },
): Promise<NetworkSize> {
  if (network.architecture !== 'layers-model') return networkSize(network, shape, classes);
  return topologySize(await readJson(data, network.topology), shape) ?? nothing;
}

/** Undefined for what is not there or is no JSON: whoever builds the model says what is wrong. */
async function readJson(data: ObjectStore, key: string): Promise<unknown> {
  if (!(await data.head(key))) return undefined;
  try {
    return JSON.parse(await text(await data.read(key)));
  } catch {
    return undefined;
  }
}

/**
 * A model of which only the file is known: four bytes a weight. A network for images uses each
 * weight many times, for rows and vectors once.
 */
export function sizeOfFile(bytes: number, shape: readonly number[]): NetworkSize {
  const parameters = bytes / 4;
  const uses =
    shape.length === 3 ? weightUses * Math.max(1, pixelsOf(shape) / weightUsesPixels) : 1;
  return { macs: parameters * uses, kernels: 1, parameters };
}
