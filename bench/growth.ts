import type { Bench } from './bench.ts';

export const growth: Bench = async () => [];
