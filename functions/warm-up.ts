import { jobEvent } from '../src/stages/events.ts';
import { warmUp } from '../src/stages/warm-up.ts';
import { entry } from './entry.ts';

export const handler = entry('Warm up', jobEvent, warmUp);
