/** Something that must hold and does not. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** @throws Violation unless the invariant holds. */
export function requireThat(holds: boolean, invariant: string, found: () => string): void {
  if (!holds) throw new Violation(`does not hold: ${invariant}\n  ${found()}`);
}
