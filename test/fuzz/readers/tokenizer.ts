import { encoderSchema } from '../../../src/models/encoders/config.ts';
import { describeEncoder } from '../../../src/models/encoders/describe.ts';
import { createTokenizer, parseTokenizerFile } from '../../../src/models/encoders/tokenizer.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { mutateJson } from '../json.ts';
import { unlessRefused } from '../read-set.ts';
import type { FuzzedReader } from '../reader.ts';

const texts = ['', 'a', 'The plot was great, and ünïcödé \u{20000} too.', ' \n'.repeat(50)];

export const tokenizer: FuzzedReader = {
  name: 'tokenizer',
  samples: ['test/fixtures/encoders', 'test/golden/tokenizers'],
  accepts: (file) => /(tokenizer|wordpiece|byte-level|unigram|precompiled)\.json$/.test(file),
  mutate: mutateJson,
  async read(bytes) {
    const store = new MemoryStore({ 'm/model.onnx': '', 'm/tokenizer.json': bytes });
    await unlessRefused(async () => {
      await describeEncoder(store, encoderSchema.parse('m'), 'text');
    });
    const json = parseTokenizerFile(bytes.toString('utf8'), 'tokenizer.json', 'the model');
    const { tokenize } = createTokenizer({ tokenizer: json, config: {} }, 16, 'the model');
    for (const text of texts) tokenize(text);
  },
};
