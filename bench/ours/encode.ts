/**
 * Embeds texts or images as the stage Encode does: node encode.js FOLDER KIND ROUNDS
 *
 * FOLDER is from encode_data.py; KIND.bin stays there. After a first round, prints the seconds of
 * each.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Content, Example } from '../../src/data/example.ts';
import { encoderSchema } from '../../src/models/encoders/config.ts';
import { describeEncoder } from '../../src/models/encoders/describe.ts';
import { embedChunks } from '../../src/models/encoders/embed-chunks.ts';
import { encoderReads } from '../../src/models/encoders/encoder.ts';
import { openDescribed } from '../../src/models/encoders/open-encoder.ts';
import { openStore } from '../../src/store/open.ts';
import { stopwatch } from './stopwatch.ts';

const [folder = '', name = '', rounds = ''] = process.argv.slice(2);
const kind = z.enum(encoderReads).parse(name);
const encoder = await openDescribed(
  await describeEncoder(await openStore(folder), encoderSchema.parse(kind), kind),
  join(folder, 'scratch'),
);
const examples = (await contents()).map(
  (content, row): Example => ({ id: String(row), label: undefined, content }),
);
const chunks = Array.from({ length: Math.ceil(examples.length / encoder.chunk) }, (_, index) =>
  examples.slice(index * encoder.chunk, (index + 1) * encoder.chunk),
);
const seconds: number[] = [];
for (let round = 0; round <= Number(rounds); round++) {
  const lap = stopwatch();
  const parts: Float32Array[] = [];
  for await (const { embeddings } of embedChunks(encoder, chunks)) parts.push(embeddings);
  seconds.push(lap());
  await writeFile(
    join(folder, `${kind}.bin`),
    Buffer.concat(parts.map(({ buffer }) => Buffer.from(buffer))),
  );
}
console.log(JSON.stringify({ seconds: seconds.slice(1) }));

async function contents(): Promise<Content[]> {
  const list = z
    .array(z.string())
    .parse(JSON.parse(await readFile(join(folder, `${kind}s.json`), 'utf8')));
  return list.map(
    (one): Content =>
      kind === 'text' ? { kind, text: one } : { kind, bytes: Buffer.from(one, 'base64') },
  );
}
