/** Models in local files. */
import type { LoadedModel } from '../teachers/loaded-model.ts';

/** A model of a user in local files. */
export interface ModelSource {
  /** Path of the file that the config names. */
  readonly path: string;
  /** Folder with all files. The loader of the model may not write there. */
  readonly folder: string;
  /** Name of the model in errors. */
  readonly name: string;
  /** Tensors of floats inside an ONNX graph that become outputs as well. Default: none. */
  readonly inner?: readonly string[];
}

/**
 * Loads a model in this process.
 * @throws UserError if it has parts that are not allowed. Error if it cannot be loaded.
 */
export type LoadModel = (source: ModelSource) => Promise<LoadedModel>;
