/**
 * Checks that labels are classes.
 * @throws RangeError with the first label outside of [0, classes).
 */
export function requireClasses(labels: ArrayLike<number>, classes: number): void {
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (label >= 0 && label < classes) continue;
    throw new RangeError(`expected labels from 0 to ${classes - 1}, got ${label}`);
  }
}
