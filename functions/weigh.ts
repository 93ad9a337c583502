import { shardEvent } from '../src/stages/events.ts';
import { weighShard } from '../src/stages/weigh.ts';
import { entry } from './entry.ts';

export const handler = entry('Weigh', shardEvent, weighShard);
