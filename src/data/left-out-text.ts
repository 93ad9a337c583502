import type { LeftOut } from './left-out.ts';

/** Describes all files that were left out, by reason, for the plan: "12 .bmp in labeled/, …". */
export function leftOutText(leftOut: readonly LeftOut[]): string {
  return leftOut.map(({ set, reason, files }) => `${files} ${reason} in ${set}/`).join(', ');
}
