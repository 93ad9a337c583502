import { failureEvent } from '../src/stages/events.ts';
import { recordFailure } from '../src/stages/record-failure.ts';
import { entry } from './entry.ts';

export const handler = entry('Record failure', failureEvent, recordFailure);
