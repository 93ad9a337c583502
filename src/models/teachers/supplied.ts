/**
 * The table of user-supplied teachers. The process of a model imports it without the kind that is
 * trained here, which has all networks.
 */
import { graphModelKind } from './graph-model.ts';
import { layersModelKind } from './layers-model.ts';
import { onnxKind } from './onnx.ts';
import { predictionsKind } from './predictions.ts';
import { savedModelKind } from './saved-model.ts';

/** The kinds of user-supplied teachers. */
export const suppliedKinds = [
  onnxKind,
  savedModelKind,
  layersModelKind,
  graphModelKind,
  predictionsKind,
] as const;
