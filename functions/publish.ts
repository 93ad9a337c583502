import { jobEvent } from '../src/stages/events.ts';
import { publish } from '../src/stages/publish.ts';
import { entry } from './entry.ts';

export const handler = entry('Publish', jobEvent, publish);
