import { variantEvent } from '../src/stages/events.ts';
import { trainVariant } from '../src/stages/train.ts';
import { entry } from './entry.ts';

export const handler = entry('Train', variantEvent, trainVariant);
