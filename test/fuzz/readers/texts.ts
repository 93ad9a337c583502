import { gunzipSync, gzipSync } from 'node:zlib';
import { configKey, readConfig } from '../../../src/config/read.ts';
import { tryParseJson } from '../../../src/json.ts';
import { graphModelGraph } from '../../../src/models/encoders/graph-model-graph.ts';
import { penultimate } from '../../../src/models/encoders/model-graph.ts';
import { parseModelJson } from '../../../src/models/model-json.ts';
import { parseTopology } from '../../../src/models/networks/own-topology.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { readerConfig } from '../../support/reader-config.ts';
import { below, mutateBytes, mutateText } from '../mutate.ts';
import { readFile, unlessRefused } from '../read-set.ts';
import type { FuzzedReader } from '../reader.ts';

const rows = ['"', '""', ',', ';', '\t', '\n', '\r\n', '\r', '\uFEFF', '\0', 'é', '\u{1F600}', ' '];
const values = ['1e999', '-0', 'NaN', '__proto__', 'constructor', 'label', 'id', '0x10', '1,5', ''];
const json = ['{', '}', '[', ']', ':', 'null', 'true', '"\\ud800"', '"__proto__":', '1e400', '-'];
const yaml = [
  '&a ',
  '*a',
  '<<: ',
  '- ',
  '? ',
  '!!binary ',
  '|',
  '>',
  '---\n',
  '%',
  '@',
  '{',
  '[',
  ':',
];

/** A reader of a text, changed at its marks or anywhere. */
function textReader(
  name: string,
  samples: readonly string[],
  tokens: readonly string[],
  read: FuzzedReader['read'],
): FuzzedReader {
  return {
    name,
    samples,
    mutate: (bytes, random, other) =>
      random() < 0.3 ? mutateBytes(bytes, random, other) : mutateText(bytes, random, tokens),
    read,
  };
}

const tables = ['row', 'text', 'vector'] as const;

export const csv = textReader(
  'csv',
  ['test/fixtures/data/csv'],
  [...rows, ...values],
  async (bytes) => {
    for (const task of ['row', 'text'] as const)
      await readFile(bytes, 'a.csv', readerConfig(task, { format: 'csv' }));
  },
);

const plainJsonl = textReader(
  'jsonl',
  ['test/fuzz/corpus/jsonl'],
  [...json, ...rows, ...values],
  async (bytes) => {
    for (const task of tables)
      await readFile(bytes, 'a.jsonl', readerConfig(task, { format: 'jsonl' }));
  },
);

/** Changes the text in gzip and packs it again, sometimes with very many lines; or any bytes. */
export const jsonl: FuzzedReader = {
  ...plainJsonl,
  mutate(bytes, random, other) {
    const [text, stranger] = [bytes, other].map(unpacked);
    if (text === bytes || random() < 0.2) return plainJsonl.mutate(bytes, random, stranger!);
    const changed = plainJsonl.mutate(text!, random, stranger!);
    const copies = random() < 0.01 ? 1 + below(random, 2_000) : 1;
    return gzipSync(Buffer.concat(Array<Buffer>(copies).fill(changed)));
  },
};

function unpacked(bytes: Buffer): Buffer {
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
}

export const config = textReader(
  'yaml',
  ['examples/digits/distill.yaml', 'examples/reviews/distill.yaml', 'test/fuzz/corpus/yaml'],
  [...yaml, ...json, ...values, '\n', '  '],
  (bytes) =>
    unlessRefused(async () => void (await readConfig(new MemoryStore({ [configKey]: bytes })))),
);

export const modelJson = textReader(
  'model-json',
  [
    'test/fixtures/teachers/layers-model/model.json',
    'test/fixtures/teachers/graph-model/model.json',
  ],
  [...json, ...values, '"class_name":', '"config":', '"inbound_nodes":'],
  async (bytes) => {
    const text = bytes.toString('utf8');
    for (const format of ['layers-model', 'graph-model'] as const) {
      await unlessRefused(async () => void parseModelJson(text, 'model.json', format));
    }
    await unlessRefused(async () => void parseTopology(text, 'model.json'));
    const graph = graphModelGraph(tryParseJson(text));
    for (const { name } of graph?.outputs ?? []) penultimate(graph!, name);
  },
);
