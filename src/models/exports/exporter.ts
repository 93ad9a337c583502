import type { tfTypes } from '../../tensorflow.ts';
import type { EncoderDescription, EncoderOutput } from '../encoders/encoder.ts';
import type { StudentDescription } from '../student-description.ts';
import type { LoadedModel } from '../teachers/loaded-model.ts';

/** The files of a model by their names in its folder. */
export type ModelFiles = ReadonlyMap<string, Uint8Array>;

/** A student that reads embeddings. */
export interface HeadStudent {
  /** As `readLayers` opens it: a model of subclasses outputs probabilities, others logits. */
  readonly model: tfTypes.LayersModel;
  readonly description: StudentDescription;
}

/** The encoder of a student, for files that contain it. */
export interface EncoderParts {
  readonly description: EncoderDescription;
  readonly output: EncoderOutput;
  /** Reads the file of its model. */
  readModel(): Promise<Uint8Array>;
}

/** A row of the table of exporters. */
export interface Exporter {
  readonly name: string;
  /**
   * Whether its weights are rounded, so that its probabilities may differ from the student's.
   * Evaluate then measures its accuracy. Default: false.
   */
  readonly isRounded?: boolean;
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
   * Makes the files of a student with an encoder, which `write` leaves out: only Evaluate opens the
   * encoder. Default: they are left out.
   * @throws NotExportable as `write`.
   */
  readonly writeWithEncoder?: (
    student: HeadStudent,
    encoder: EncoderParts,
  ) => ModelFiles | Promise<ModelFiles>;
  /**
   * Loads the files, to compare their outputs with the student's. Default: no comparison.
   * @param folder A local folder with the files.
   */
  readonly open?: (folder: string) => Promise<LoadedModel>;
}

/** Maximum number of examples on which a file is compared with its student. */
export const comparedExamples = 1000;
