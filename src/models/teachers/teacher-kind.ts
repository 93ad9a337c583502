/** The interface of a teacher kind. */

import { z } from 'zod';
import type { Features } from '../../data/features/index.ts';
import type { SetName } from '../../data/shard.ts';
import type { ObjectInfo, ObjectStore } from '../../store/store.ts';
import type { LoadModel } from '../confined/model-source.ts';
import type { NetworkSize } from '../size/network-size.ts';
import type { Teacher } from '../teacher.ts';
import type { OutputName } from './distributions.ts';
import type { LayoutName } from './layout.ts';
import type { Port } from './loaded-model.ts';

/** A file of a user-supplied teacher. */
export interface TeacherFile {
  /** Path relative to the model's folder. */
  readonly path: string;
  /** The pinned object: its bytes are hashed for the digest, and loaded. */
  readonly object: ObjectInfo;
}

/** The files of a user-supplied teacher. */
export interface TeacherFiles {
  /** Value of the kind's field: key of a file or a folder in the dataset, without a last `/`. */
  readonly key: string;
  /** Name of the teacher in errors: `the ONNX model teacher/model.onnx`. */
  readonly name: string;
  /** In ascending order of their paths. */
  readonly files: readonly TeacherFile[];
}

/** Fields of the section `teacher` that describe the input of a user-supplied model. */
export interface InputConfig {
  /** Layout of images, if the model's input does not show it. */
  readonly layout?: LayoutName | undefined;
  /**
   * Columns of a table that the model reads as they are written, or `encoded` if it reads the
   * student's features.
   */
  readonly columns?: readonly string[] | 'encoded' | undefined;
}

/** Fields of the section `teacher` that describe the outputs of a user-supplied teacher. */
export interface OutputConfig {
  readonly output: OutputName;
  readonly outputName?: string | undefined;
  readonly embeddingName?: string | undefined;
  readonly batchSize: number;
}

/** Everything that a kind needs to open a teacher. */
export interface TeacherSource extends TeacherFiles {
  /** The dataset. */
  readonly store: ObjectStore;
  readonly config: InputConfig & OutputConfig;
  /** The teacher's input features. */
  readonly features: Features;
  /** Names of the classes. */
  readonly classes: readonly string[];
  /** The field of the task. */
  readonly multiLabel?: boolean | undefined;
  /** Digest of the teacher, from `teacherDigest`. */
  readonly digest: string;
  /** A local folder that keeps files for later calls. */
  readonly scratch: string;
  /**
   * Checks the SHA-256, in hex, of each file.
   * @throws UserError if they are not the files that have the digest.
   */
  verify(hashes: readonly string[]): void;
}

/** Inputs and outputs of a model, as its file declares them. */
export interface ModelPorts {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/** A row of the table of teacher kinds. */
export interface TeacherKind {
  /** Name of the kind, and of its field in the section `teacher` of distill.yaml. */
  readonly name: string;
  /** Fields that the kind adds to the section; the field `name` is optional. */
  readonly fields: z.ZodRawShape;
  /** Whether the user supplies it. Otherwise Train teacher trains it. */
  readonly supplied: boolean;
  /** Whether it is a model, which reads the features. Otherwise its answers are stored. */
  readonly isModel: boolean;
}

/** A kind of user-supplied teacher. Its own field is a path in the dataset. */
export interface SuppliedKind extends TeacherKind {
  readonly supplied: true;
  /** Noun for errors: `the ONNX model`. */
  readonly noun: string;
  /**
   * Finds and pins all files of the teacher, in any order.
   * @throws UserError with the key and the expected file, if a file is missing.
   */
  find(store: ObjectStore, key: string): Promise<TeacherFile[]>;
  /**
   * Opens the teacher. Native libraries are loaded here, not with the table.
   * @throws UserError if the files are damaged, changed, or do not fit the task.
   */
  open(source: TeacherSource): Promise<Teacher>;
  /**
   * Yields the examples that have an answer, if the answers are stored. The set is undefined if the
   * answers are looked up by the id alone.
   */
  answered?(
    source: TeacherFiles & { readonly store: ObjectStore },
  ): AsyncIterable<{ readonly id: string; readonly set: SetName | undefined }>;
  /** Loads the model, in the process that runs it; undefined if the answers are stored. */
  readonly load?: LoadModel;
  /** Imports the library that `load` imports. The process does this while Plan reads the data. */
  readonly library?: () => Promise<unknown>;
  /** Computes the work per example. `shape` is the shape of an example that the teacher reads. */
  size(
    source: TeacherFiles & { readonly store: ObjectStore; readonly shape: readonly number[] },
  ): NetworkSize | Promise<NetworkSize>;
  /**
   * Recognizes a file of this kind, for the command `init`.
   * @returns the value of the kind's field, or undefined if the file is of another kind.
   */
  recognize(store: ObjectStore, key: string): Promise<string | undefined>;
  /** Reads inputs and outputs of a recognized file, for `init`. Default: they are unknown. */
  ports?(store: ObjectStore, key: string): Promise<ModelPorts>;
}

/** Defines the field of a kind: a path in the dataset. */
export function pathField<const Name extends string>(name: Name, description: string) {
  const field = z.string().min(1).optional().describe(description);
  // TypeScript widens the type of a computed name to string.
  return { [name]: field } as { [N in Name]: typeof field };
}
