import type { tfTypes } from '../../tensorflow.ts';
import type { StudentDescription } from '../student-description.ts';
import type { LoadedModel } from '../teachers/loaded-model.ts';

/** The files of a model by their names in its folder. */
export type ModelFiles = ReadonlyMap<string, Uint8Array>;

/** A row of the table of exporters. */
export interface Exporter {
  readonly name: string;
  /** Names of its files, which no other exporter has. */
  readonly files: readonly string[];
  /**
   * Makes the files. The same model must give the same bytes.
   * @param model Outputs logits, of the classes or of all their subclasses.
   * @throws NotExportable if the format cannot express the model. It is then left out.
   */
  write(
    model: tfTypes.LayersModel,
    description: StudentDescription,
  ): ModelFiles | Promise<ModelFiles>;
  /**
   * Loads the files, to compare their outputs with the student's. Default: no comparison.
   * @param folder A local folder with the files.
   */
  readonly open?: (folder: string) => Promise<LoadedModel>;
}

/** Maximum number of examples on which a file is compared with its student. */
export const comparedExamples = 1000;
