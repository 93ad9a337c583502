import { jobEvent } from '../src/stages/events.ts';
import { plan } from '../src/stages/plan.ts';
import { entry } from './entry.ts';

export const handler = entry('Plan', jobEvent, plan);
