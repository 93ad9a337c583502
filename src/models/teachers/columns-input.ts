import { sum } from '../../arrays.ts';
import type { RawType, RawValue } from '../../data/features/raw-columns.ts';
import { UserError } from '../../errors.ts';
import { toInt32 } from './int32.ts';
import { type Port, portsText, type TensorValues } from './loaded-model.ts';
import type { ModelInput } from './model-input.ts';

/** A type of tensor that can hold columns. */
interface TensorType {
  readonly column: RawType;
  make(values: readonly RawValue[]): TensorValues;
}

/** Types by the model's name for them. An undeclared type is taken for float32. */
const tensorTypes: Readonly<Record<string, TensorType>> = {
  float32: { column: 'number', make: (values) => Float32Array.from(values, Number) },
  float64: { column: 'number', make: (values) => Float64Array.from(values, Number) },
  unknown: { column: 'number', make: (values) => Float32Array.from(values, Number) },
  int32: { column: 'integer', make: (values) => toInt32(values.map(Number)) },
  int64: { column: 'integer', make: (values) => BigInt64Array.from(values, BigInt) },
  string: { column: 'text', make: (values) => values.map(String) },
};

/** An input of the model, with the columns that it reads. */
interface Slot {
  readonly port: Port;
  readonly type: TensorType;
  /** Indexes of the columns in `teacher.columns`. */
  readonly columns: readonly number[];
}

/**
 * Creates the input of a model that reads columns of a table as they are written: one input per
 * column, of the same name, or inputs of one or more columns each, in the order of
 * `teacher.columns`.
 *
 * @throws UserError if the inputs do not fit the columns: both, and what to change.
 */
export function columnsInput(
  inputs: readonly Port[],
  columns: readonly string[],
  name: string,
): ModelInput {
  const slots = assignColumns(inputs, columns, name);
  const types = new Map(slots.flatMap((slot) => slot.columns.map((index) => [index, slot.type])));
  return {
    fixedBatch: inputs[0]?.shape?.[0],
    columns: columns.map((column, index) => ({ name: column, type: types.get(index)!.column })),
    feeds({ cells = [] }, start, n) {
      const part = cells.slice(start, start + n);
      return slots.map(({ port, type, columns: indexes }) => {
        const blank = type.column === 'text' ? '' : 0;
        const values = Array.from({ length: n }, (_, row) =>
          indexes.map((index) => part[row]?.[index] ?? blank),
        );
        const shape = port.shape?.length === 1 ? [n] : [n, indexes.length];
        return { name: port.name, shape, values: type.make(values.flat()) };
      });
    },
  };
}

function assignColumns(inputs: readonly Port[], columns: readonly string[], name: string): Slot[] {
  const types = inputs.map((port) => typeOf(port, name));
  const named = inputs.filter((port) => columns.includes(port.name));
  const widths = inputs.map((port) => widthOf(port, name));
  if (named.length > 0) {
    const isOneEach = named.length === inputs.length && named.length === columns.length;
    if (!isOneEach || widths.some((width) => (width ?? 1) !== 1))
      throw misfit(inputs, columns, name);
    return inputs.map((port, index) => {
      return { port, type: types[index]!, columns: [columns.indexOf(port.name)] };
    });
  }
  const open = widths.filter((width) => width === undefined).length;
  const left = columns.length - sum(widths.map((width) => width ?? 0));
  if (open > 1 || left < open || (open === 0 && left > 0)) throw misfit(inputs, columns, name);
  let start = 0;
  return inputs.map((port, index) => {
    const end = start + (widths[index] ?? left);
    const indexes = Array.from({ length: end - start }, (_, offset) => start + offset);
    start = end;
    return { port, type: types[index]!, columns: indexes };
  });
}

function typeOf(port: Port, name: string): TensorType {
  const type = tensorTypes[port.dtype];
  if (type !== undefined) return type;
  throw new UserError(
    `${name} reads ${port.dtype} (${portsText([port])}), and columns can be given as ${Object.keys(tensorTypes).join(', ').replace('unknown, ', '')}`,
    'Export it with inputs of these types.',
  );
}

/** Returns the number of columns that an input reads, or undefined if it is open. */
function widthOf(port: Port, name: string): number | undefined {
  const { shape } = port;
  if (shape === undefined) return undefined;
  if (shape.length === 1) return 1;
  if (shape.length === 2) return shape[1];
  throw new UserError(
    `${name} reads ${portsText([port])}, which is not a table: expected [n, columns]`,
    'Export a model that reads one column per input, or all columns as one tensor.',
  );
}

function misfit(inputs: readonly Port[], columns: readonly string[], name: string): UserError {
  return new UserError(
    `${name} reads ${portsText(inputs)}, and teacher.columns has ${columns.length}: ${columns.join(', ')}`,
    'List in teacher.columns the columns that the teacher was trained on, in its order. A model with one input per column has the names of the columns.',
  );
}
