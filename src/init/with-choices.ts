/** Choices of the user for a config that `init` suggests. */
import type { ConfigInput } from '../config/schema.ts';
import { type MethodName, methodOf } from '../debias/methods.ts';

export interface InitChoices {
  readonly method?: MethodName | undefined;
  /** Folder of an encoder in the dataset, or `hf:owner/name`. */
  readonly encoder?: string | undefined;
}

/**
 * Applies choices to a config. With an encoder, the student is a linear head on it, and so is a
 * teacher that counterweight trains.
 */
export function withChoices(config: ConfigInput, { method, encoder }: InitChoices): ConfigInput {
  const head = encoder === undefined ? undefined : ({ encoder, head: 'linear' } as const);
  const isTrained = config.teacher.train !== undefined;
  return {
    ...config,
    ...(head && { student: head }),
    ...(head && isTrained && { teacher: { ...config.teacher, train: head } }),
    ...(method && { method }),
    ...(method && methodOf(method).labels === 'soft' && { labels: 'soft' as const }),
  };
}

/** Returns whether an encoder can read the examples of a config: images or texts. */
export function canHaveEncoder({ task }: ConfigInput): boolean {
  return task.type === 'text-classification' || task.type === 'image-classification';
}
