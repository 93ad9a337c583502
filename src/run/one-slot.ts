/**
 * Creates a cache of one value for the tasks of a process, which run one after the other. Most
 * tasks need the same model as the task before.
 *
 * @returns Function that returns the value of a key. If the key differs from the one before, it
 *   disposes the old value and calls `open`.
 * @example
 * const cached = oneSlot<Student>();
 * await cached('run-1', open); // opens
 * await cached('run-1', open); // the same student
 * await cached('run-2', open); // disposes the first student, and opens another one
 */
export function oneSlot<Value extends { dispose(): void }>(): (
  key: string,
  open: () => Promise<Value>,
) => Promise<Value> {
  let slot: { readonly key: string; readonly value: Value } | undefined;
  return async (key, open) => {
    if (slot?.key === key) return slot.value;
    slot?.value.dispose();
    slot = undefined; // If `open` fails, no disposed value stays in the slot.
    slot = { key, value: await open() };
    return slot.value;
  };
}
