import type { Bench } from './bench.ts';

export const planning: Bench = async () => [];
