import type { StudentDescription } from '../student-description.ts';

/** Returns the metadata of a model: its classes, and what to give to each input. */
export function metadataOf(
  { classes, multiLabel }: StudentDescription,
  inputs: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    classes: JSON.stringify(classes),
    inputs: JSON.stringify(inputs),
    multiLabel: String(multiLabel === true),
  };
}
