/**
 * The layers of the code, the lowest first. A file imports only from its own layer and those below
 * it; ARCHITECTURE.md shows the same list. A path belongs to the longest entry that it starts with.
 */
export const layers = [
  [
    ...[
      'src/errors.ts',
      'src/arrays.ts',
      'src/compiled-file.ts',
      'src/digest.ts',
      'src/float16.ts',
      'src/format.ts',
    ],
    ...[
      'src/json-depth.ts',
      'src/json.ts',
      'src/machine-limits.ts',
      'src/nearest.ts',
      'src/table.ts',
      'src/wide-schemas.ts',
    ],
    ...['src/within-time.ts'],
  ],
  ['src/package-root.ts', 'src/tensorflow.ts', 'src/onnxruntime.ts'],
  ['src/store/'],
  ['src/debias/'],
  ['src/data/'],
  ['src/models/'],
  ['src/train/'],
  ['src/config/'],
  ['src/run/'],
  ['src/stages/index.ts', 'src/stages/stage.ts', 'src/stages/entry.ts'],
  ['src/cost/'],
  ['src/evaluate/'],
  ['src/distill/'],
  ['src/stages/'],
  ['src/init/'],
  ['src/aws/'],
  ['src/predict/'],
  ['src/engines/'],
  ['src/index.ts'],
  ['src/cli/'],
  ['functions/', 'infra/'],
  ['bench/', 'evidence/'],
];
