import { defineCommand } from 'citty';
import { datasetArgument, jsonOption } from './arguments.ts';
import { asTyped } from './as-typed.ts';

export const initCommand = defineCommand({
  meta: { name: 'init', description: 'Inspect a folder of data and write its distill.yaml' },
  args: {
    dataset: { ...datasetArgument, description: 'Data: a folder, or s3://bucket/prefix' },
    json: jsonOption,
  },
  async run({ args: { dataset, json } }) {
    const [{ UserError }, { inspect }, { configKey: file }, { writeConfig }, { openStore }] =
      await Promise.all([
        import('../errors.ts'),
        import('../init/inspect.ts'),
        import('../config/read.ts'),
        import('../init/write-config.ts'),
        import('../store/open.ts'),
      ]);
    const store = await openStore(dataset);
    const path = `${store.location}/${file}`;
    const present = new UserError(
      `${path} exists already, and init never overwrites it.`,
      `Edit it and check it with: counterweight plan ${dataset}\n` +
        'To start over, rename it first and run init again.',
    );
    if (await store.head(file)) throw present;
    const { config, notes, columns, questions } = await inspect(store);
    const body = Buffer.from(writeConfig(config, columns, questions));
    if (!(await store.write(file, body, { ifAbsent: true }))) throw present;
    const lines = [...notes, '', `Wrote ${path}.`, asTyped(`Next: counterweight plan ${dataset}`)];
    const text = json
      ? JSON.stringify({ file: path, config, notes, columns }, null, 2)
      : lines.join('\n');
    process.stdout.write(`${text}\n`);
  },
});
