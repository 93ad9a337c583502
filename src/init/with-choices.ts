/** Choices of the user for a config that `init` suggests. */
import type { ConfigInput } from '../config/schema.ts';
import type { MethodName } from '../debias/methods.ts';

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
  };
}

/** Returns whether an encoder can read the examples of a config: colour photos, or texts. */
export function canHaveEncoder({ task }: ConfigInput): boolean {
  if (task.type === 'text-classification') return true;
  return task.type === 'image-classification' && task.channels === 3;
}
