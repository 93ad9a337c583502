import { evaluate } from '../src/stages/evaluate.ts';
import { jobEvent } from '../src/stages/events.ts';
import { entry } from './entry.ts';

export const handler = entry('Evaluate', jobEvent, evaluate);
