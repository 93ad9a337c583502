/** Configs for reading examples. The fuzzer uses them without vitest. */
import { type Config, configSchema } from '../../src/config/schema.ts';
import type { ReadConfig } from '../../src/data/config.ts';

const tasks = {
  image: { type: 'image-classification', classes: ['0', '1', '2'], size: [4, 4] },
  row: { type: 'tabular-classification', classes: ['no', 'yes'] },
  vector: { type: 'vector-classification', classes: ['no', 'yes'], length: 3 },
  text: { type: 'text-classification', classes: ['no', 'yes'] },
};

/** Makes the part of a config that readers need, with all defaults. */
export function readerConfig(
  task: keyof typeof tasks,
  data: Partial<Config['data']> & Pick<Config['data'], 'format'>,
  more: Record<string, unknown> = {},
): ReadConfig {
  const { shape } = configSchema;
  return { task: shape.task.parse({ ...tasks[task], ...more }), data: shape.data.parse(data) };
}
