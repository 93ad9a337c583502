/** Messages between a process that uses a model and the process that runs it. */
import type { LoadedModel, Output } from '../teachers/loaded-model.ts';
import type { ModelSource } from './model-source.ts';
import type { SentTensor } from './shared-file.ts';

export type ToModel =
  | { readonly kind: 'load'; readonly teacherKind: string; readonly source: ModelSource }
  | {
      readonly kind: 'run';
      readonly feeds: readonly SentTensor[];
      readonly outputs: readonly string[];
    };

export type FromModel =
  | ({ readonly kind: 'loaded' } & Pick<LoadedModel, 'inputs' | 'outputs' | 'classLabels'>)
  | { readonly kind: 'outputs'; readonly outputs: readonly Output[] }
  | {
      readonly kind: 'error';
      readonly message: string;
      /** Whether it is a UserError, and its hint. */
      readonly isUserError: boolean;
      readonly hint: string | undefined;
    };
