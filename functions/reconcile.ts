import { jobEvent } from '../src/stages/events.ts';
import { reconcile } from '../src/stages/reconcile.ts';
import { entry } from './entry.ts';

export const handler = entry('Reconcile', jobEvent, reconcile);
