import type { Bench } from './bench.ts';

export const startUp: Bench = async () => [];
