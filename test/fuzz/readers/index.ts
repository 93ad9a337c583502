import type { FuzzedReader } from '../reader.ts';
import { events } from './events.ts';
import { images } from './images.ts';
import { onnx, onnxruntime, savedModel } from './models.ts';
import { parquet } from './parquet.ts';
import { safetensors } from './safetensors.ts';
import { encoder, ngrams, student } from './students.ts';
import { config, csv, jsonl, modelJson } from './texts.ts';
import { tokenizer } from './tokenizer.ts';
import { webdataset } from './webdataset.ts';

export const readers: readonly FuzzedReader[] = [
  parquet,
  webdataset,
  csv,
  jsonl,
  images,
  config,
  modelJson,
  onnx,
  onnxruntime,
  savedModel,
  tokenizer,
  safetensors,
  ngrams,
  student,
  encoder,
  events,
];
