import { defineCommand } from 'citty';
import type { FormatName } from '../data/formats/index.ts';
import type { PredictionFormat } from '../data/tables/predicted-examples.ts';
import { many, resultsOption, UsageError } from './arguments.ts';
import { interruptedCode } from './failure.ts';

export const predictCommand = defineCommand({
  meta: {
    name: 'predict',
    description: 'Predict files, or rows from standard input, with a student',
  },
  args: {
    student: {
      type: 'positional',
      description:
        'Folder of a student or a run, s3://…, or the name of a run or a dataset in --results',
      required: true,
    },
    files: {
      type: 'positional',
      description:
        'Files, folders or s3://… with examples; - reads CSV or JSON Lines from standard input',
      required: true,
      valueHint: many,
    },
    out: {
      type: 'string',
      description: 'File for the predictions: .csv, .jsonl or .parquet. Default: standard output',
    },
    as: { type: 'string', description: 'Format on standard output: csv or jsonl. Default: csv' },
    format: {
      type: 'string',
      description: 'Format of FILES, a name as in data.format. Default: by name or content',
    },
    column: {
      type: 'string',
      description:
        'Column of the image, vector or text in a table; several of texts with commas. Default: as in training',
    },
    id: {
      type: 'string',
      description: 'Column of the id in a table. Default: "id" if it has one, else the row',
    },
    'max-unusable': {
      type: 'string',
      description: 'Maximum share of unusable examples, such as 1%; above it, the command fails',
      default: '50%',
    },
    results: resultsOption,
  },
  async run({ args }) {
    const { out, column, id, results } = args;
    const format = await outputFormat(out, args.as);
    const inputFormat = await parseFormat(args.format);
    const maxUnusable = await parseShare(args['max-unusable']);
    const [{ predictPaths }, progress, { renderPredicted }] = await Promise.all([
      import('../predict/predict-paths.ts'),
      import('./progress.ts'),
      import('./predict-text.ts'),
    ]);
    // A bar would be drawn between the rows, and a script needs only the warnings.
    const isQuiet = out === undefined && (process.stdout.isTTY || !process.stderr.isTTY);
    const view = (isQuiet ? progress.messagesOnly : progress.createProgress)(process.stderr);
    const stop = () => process.exit(interruptedCode);
    process.once('SIGINT', stop).once('SIGTERM', stop);
    try {
      const summary = await predictPaths({
        ...{ student: args.student, paths: args._.slice(1), results, out, format, inputFormat },
        ...{ columns: column?.split(','), id, maxUnusable },
        ...{ stdin: process.stdin, stdout: process.stdout, onProgress: view.update },
        prepareTensorFlow: async () => {
          const { ensureTensorFlow } = await import('#setup/tensorflow.mjs');
          await ensureTensorFlow({ quiet: out === undefined });
        },
      });
      view.end(true);
      const text = renderPredicted(summary, out);
      if (out !== undefined) process.stdout.write(`${text}\n`);
      else if (summary.unusable > 0) process.stderr.write(`${text}\n`);
    } finally {
      // Shows nothing after an end.
      view.end(false);
      process.off('SIGINT', stop).off('SIGTERM', stop);
      // After an error, an open input would keep the process until its writer ends.
      process.stdin.destroy();
    }
  },
});

/** @throws UsageError if a name or a suffix is not a format of predictions. */
async function outputFormat(
  out: string | undefined,
  as: string | undefined,
): Promise<PredictionFormat> {
  const { predictionFormats } = await import('../data/tables/predicted-examples.ts');
  const { namesOf } = await import('../table.ts');
  const names = namesOf(predictionFormats);
  const written = out === undefined ? (as ?? 'csv') : out.slice(out.lastIndexOf('.') + 1);
  const format = names.find((name) => name === written.toLowerCase());
  if (out !== undefined) {
    if (as !== undefined) throw new UsageError('--as is for standard output: leave it out.');
    if (out.startsWith('s3://')) throw new UsageError(`--out is a local file, found "${out}".`);
    if (format !== undefined) return format;
    throw new UsageError(`--out needs a name that ends in .${names.join(', .')}, found "${out}".`);
  }
  if (format !== undefined && predictionFormats[format].isText) return format;
  const hint = format === undefined ? '' : `; for ${format}, use --out FILE.${format}`;
  throw new UsageError(`--as is csv or jsonl${hint}, found "${written}".`);
}

async function parseFormat(name: string | undefined): Promise<FormatName | undefined> {
  if (name === undefined) return undefined;
  const { formats } = await import('../data/formats/index.ts');
  const { namesOf } = await import('../table.ts');
  const names = namesOf(formats);
  const format = names.find((each) => each === name);
  if (format !== undefined) return format;
  throw new UsageError(`--format is one of ${names.join(', ')}, found "${name}".`);
}

/** Parses a share, such as 1% or 0.01. */
async function parseShare(text: string): Promise<number> {
  const { share } = await import('../data/config.ts');
  const parsed = share.safeParse(text.endsWith('%') ? text : Number(text));
  if (parsed.success && parsed.data <= 1) return parsed.data;
  throw new UsageError(`--max-unusable is a share, such as 1% or 0.01, found "${text}".`);
}
