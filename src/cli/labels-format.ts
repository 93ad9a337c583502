import { type ExportFormat, exportFormats } from '../data/tables/exported-labels.ts';
import { namesOf } from '../table.ts';
import { UsageError } from './arguments.ts';

/** Parses `--format` of labels. @throws UsageError unless the text is a format. */
export function parseLabelsFormat(text: string): ExportFormat {
  const known = namesOf(exportFormats);
  const found = known.find((name) => name === text);
  if (found) return found;
  throw new UsageError(`--format needs ${known.join(' or ')}, found "${text}".`);
}
