import { defineCommand } from 'citty';
import type { ConfigInput } from '../config/schema.ts';
import { UserError } from '../errors.ts';
import type { InitChoices } from '../init/with-choices.ts';
import { datasetArgument, jsonOption, UsageError, unknown } from './arguments.ts';
import { asTyped } from './as-typed.ts';
import { Questions } from './ask.ts';

export const initCommand = defineCommand({
  meta: { name: 'init', description: 'Inspect a folder of data and write its distill.yaml' },
  args: {
    dataset: { ...datasetArgument, description: 'Data: a folder, or s3://bucket/prefix' },
    method: {
      type: 'string',
      description: "Correction for the teacher's mistakes: relabel, weighted, auto, …",
    },
    encoder: {
      type: 'string',
      description: 'Pretrained encoder: a folder in the dataset, or hf:owner/name',
    },
    yes: { type: 'boolean', description: 'Ask nothing' },
    json: jsonOption,
  },
  async run({ args: { dataset, json, method, encoder, yes } }) {
    const [
      { inspect },
      { configKey: file },
      { parseConfig },
      { writeConfig },
      { openStore },
      ours,
    ] = await Promise.all([
      import('../init/inspect.ts'),
      import('../config/read.ts'),
      import('../config/load.ts'),
      import('../init/write-config.ts'),
      import('../store/open.ts'),
      import('../init/with-choices.ts'),
    ]);
    const flags = { method: await methodNamed(method), encoder };
    const store = await openStore(dataset);
    const path = `${store.location}/${file}`;
    const present = new UserError(
      `${path} exists already, and init never overwrites it.`,
      `Edit it and check it with: counterweight plan ${dataset}\n` +
        'To start over, rename it first and run init again.',
    );
    if (await store.head(file)) throw present;
    const { config: suggested, notes, columns, questions } = await inspect(store);
    if (encoder !== undefined && !ours.canHaveEncoder(suggested)) {
      throw new UserError(
        `--encoder ${encoder}: an encoder reads images or texts, and this is ${suggested.task.type}`,
        'Leave --encoder out.',
      );
    }
    const asks = !yes && !json && process.stdin.isTTY && process.stderr.isTTY;
    if (asks) process.stderr.write(`${notes.join('\n')}\n`);
    const choices = asks
      ? await askChoices(suggested, flags, ours.canHaveEncoder(suggested))
      : flags;
    const config = ours.withChoices(suggested, choices);
    const yaml = writeConfig(config, columns, questions);
    try {
      parseConfig(yaml, `a ${file} with method: ${config.method}`);
    } catch (error) {
      throw new UserError((error as UserError).message, 'Choose another --method, or none.');
    }
    if (!(await store.write(file, Buffer.from(yaml), { ifAbsent: true }))) throw present;
    const lines = [
      ...(asks ? [] : notes),
      '',
      `Wrote ${path}.`,
      asTyped(`Next: counterweight plan ${dataset}`),
    ];
    const text = json
      ? JSON.stringify({ file: path, config, notes, columns }, null, 2)
      : lines.join('\n');
    process.stdout.write(`${text}\n`);
  },
});

/** @throws UsageError if there is no such method. */
async function methodNamed(name: string | undefined): Promise<InitChoices['method']> {
  const { methodNames } = await import('../debias/methods.ts');
  const found = methodNames.find((known) => known === name);
  if (name !== undefined && !found) throw new UsageError(unknown('method', name, methodNames));
  return found;
}

/** Asks for the choices that no flag makes. */
async function askChoices(
  { task }: ConfigInput,
  { method, encoder }: InitChoices,
  canHaveEncoder: boolean,
): Promise<InitChoices> {
  const questions = new Questions({ input: process.stdin, output: process.stderr });
  const text = 'Pretrained encoder (a folder in the dataset, or hf:owner/name; empty for none):';
  const asksMethod = method === undefined && !task.multiLabel;
  try {
    return {
      encoder: encoder ?? (canHaveEncoder ? await questions.askText(text) : undefined),
      method: asksMethod ? await questions.choose(methodQuestion) : method,
    };
  } finally {
    questions.close();
  }
}

const methodQuestion = {
  text: "How are the teacher's mistakes corrected?",
  answers: {
    relabel: 'students replace its labels if they are better: most accurate, slowest',
    weighted: 'each example has a weight: one student is trained',
    auto: 'chosen by cross-validation',
    uniform: 'not at all: plain distillation',
  },
} as const;
