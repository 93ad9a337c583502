import type { Bench } from './bench.ts';

export const labeling: Bench = async () => [];
