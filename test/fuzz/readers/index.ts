import type { FuzzedReader } from '../reader.ts';
import { images } from './images.ts';
import { parquet } from './parquet.ts';
import { config, csv, jsonl, modelJson } from './texts.ts';
import { webdataset } from './webdataset.ts';

export const readers: readonly FuzzedReader[] = [
  parquet,
  webdataset,
  csv,
  jsonl,
  images,
  config,
  modelJson,
];
