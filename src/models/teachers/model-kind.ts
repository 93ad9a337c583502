import { sum } from '../../arrays.ts';
import type { LoadModel } from '../confined/model-source.ts';
import { sizeOfFile } from '../size/network-size.ts';
import { pathField, type SuppliedKind } from './teacher-kind.ts';

/**
 * Defines a kind of teacher that is a model in files: a name, a way to find its files, and a
 * function that loads them. `onnx.ts` is an example.
 */
export function modelKind<const Name extends string>(
  definition: {
    readonly name: Name;
    /** Text for the schema of distill.yaml. */
    readonly description: string;
    readonly noun: string;
    /** Loads the model from a local copy of its files; `path` is the file that the config names. */
    readonly load: LoadModel;
    /** Default: estimated from the bytes of all files. */
    readonly size?: SuppliedKind['size'];
  } & Pick<SuppliedKind, 'find' | 'library' | 'recognize' | 'ports'>,
) {
  const { description, ...rest } = definition;
  return {
    size: ({ files, shape }) => sizeOfFile(sum(files.map(({ object }) => object.bytes)), shape),
    ...rest,
    fields: pathField(definition.name, description),
    supplied: true,
    isModel: true,
    async open(source) {
      const { openModel } = await import('./open-model.ts');
      return openModel(definition, source);
    },
  } as const satisfies SuppliedKind;
}
