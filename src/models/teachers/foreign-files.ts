import { UserError } from '../../errors.ts';

/** Files of models that counterweight cannot read, by extension, and how to export them. */
const foreignFiles: readonly {
  readonly extensions: readonly string[];
  readonly noun: string;
  readonly hint: string;
}[] = [
  {
    extensions: ['.keras', '.h5', '.hdf5'],
    noun: 'a Keras file',
    hint: "In Python: keras.models.load_model('FILE').export('teacher/model'). Then set teacher.savedModel: teacher/model.",
  },
  {
    extensions: ['.pt', '.pth', '.ckpt', '.safetensors'],
    noun: 'a PyTorch file',
    hint: "In Python: torch.onnx.export(model, example, 'teacher/model.onnx', dynamic_axes={'input': {0: 'n'}}, input_names=['input']). Then set teacher.onnx: teacher/model.onnx.",
  },
  {
    extensions: ['.pkl', '.pickle', '.joblib'],
    noun: 'a Python pickle',
    hint: 'In Python: skl2onnx.to_onnx(model, X[:1]).SerializeToString(), written to teacher/model.onnx. Then set teacher.onnx: teacher/model.onnx, and teacher.columns for a table.',
  },
  {
    extensions: ['.ubj', '.bst', '.xgb', '.cbm'],
    noun: 'a model of boosted trees',
    hint: "In Python: onnxmltools.convert_xgboost(model, initial_types=[('input', FloatTensorType([None, columns]))]), or save_model(format='onnx') of CatBoost. Then set teacher.onnx and teacher.columns.",
  },
  {
    extensions: ['.tflite', '.mlmodel', '.mlpackage', '.engine'],
    noun: 'a model in a format for devices',
    hint: 'Export the original model: as a SavedModel (teacher.savedModel) or as ONNX (teacher.onnx).',
  },
];

/**
 * Returns the error for a file of a model that counterweight cannot read, or undefined for any
 * other file.
 *
 * @param key Key of the file.
 * @param field How the error names the field: `teacher.onnx: 'a.keras'`.
 */
export function foreignFile(key: string, field: string): UserError | undefined {
  const lower = key.toLowerCase();
  const found = foreignFiles.find(({ extensions }) =>
    extensions.some((extension) => lower.endsWith(extension)),
  );
  if (found === undefined) return undefined;
  return new UserError(
    `${field} is ${found.noun}, which counterweight cannot read`,
    found.hint.replace('FILE', key),
  );
}
