/** Opens a student that answers HTTP requests. */
import { openPredictor } from '../models/predictor.ts';
import { defaultResults } from '../run/keys.ts';
import { openStore } from '../store/open.ts';
import { findStudent } from './find-student.ts';
import { answerRequest, type ServiceAnswer, type ServiceRequest } from './serve-requests.ts';

/** A student in memory that answers HTTP requests. */
export interface StudentService {
  /**
   * Answers `GET /` with a description of the student, and `POST /predict` with predictions. The
   * body of the latter is a JSON list of examples, or the bytes of one image; at most 10 MiB and
   * 1,000 examples. A wrong request has an answer, too, with a status from 400 on.
   */
  answer(request: ServiceRequest): Promise<ServiceAnswer>;
  /** Frees the native memory. */
  dispose(): void;
}

/**
 * Opens a student for a server. `examples/serve/server.mjs` of the package uses it.
 *
 * @param student Folder of a student or a run, s3://…, or the name of a run or a dataset.
 * @param results Location of the results, for names. Default: counterweight-results.
 * @throws UserError if there is no such student.
 * @example
 * import { openService } from 'counterweight';
 *
 * const service = await openService('results/runs/digits-1/students/relabel');
 * const body = [Buffer.from('["a fine day"]')];
 * const answer = await service.answer({ method: 'POST', path: '/predict', body });
 * console.log(answer.status, answer.body);
 * service.dispose();
 */
export async function openService(
  student: string,
  results = defaultResults,
): Promise<StudentService> {
  const store = await openStore(await findStudent(student, results));
  const predictor = await openPredictor(store);
  return {
    answer: (request) => answerRequest(predictor, request),
    dispose: () => predictor.dispose(),
  };
}
