import { z } from 'zod';
import { UserError } from '../src/errors.ts';
import { followCurrent } from '../src/predict/current-student.ts';
import { answerRequest, refusal, type ServiceAnswer } from '../src/predict/serve-requests.ts';
import { entry, type Handler } from '../src/stages/entry.ts';
import { endpoints } from '../src/stages/index.ts';
import { functionHint, readEnvironment } from './environment.ts';

/** Parts of the event of a function URL, in its format 2.0. */
const urlRequest = z.object({
  rawPath: z.string(),
  requestContext: z.object({ http: z.object({ method: z.string() }) }),
  body: z.string().optional(),
  isBase64Encoded: z.boolean().default(false),
});

const environment = z.object({ RESULTS: z.string().min(1), DATASET: z.string().min(1) });

/** Maximum size of a response from Lambda, in bytes. */
const maxResponseBytes = 6 * 1024 ** 2;

const stage = endpoints.Serve.name;

/** Makes the handler of requests to the URL. It keeps the student in use between calls. */
export function createServeHandler(): Handler {
  const { RESULTS, DATASET } = readEnvironment(environment, functionHint);
  const current = followCurrent(RESULTS, DATASET);
  return entry(stage, urlRequest, async (event, { report }) => {
    const { rawPath: path, requestContext, body = '', isBase64Encoded } = event;
    const warn = (message: string) => report({ stage, message, level: 'warning' });
    try {
      const student = await current(warn);
      const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
      const { method } = requestContext.http;
      return respond(await answerRequest(student, { method, path, body: [bytes] }));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      warn(error.message);
      return respond(refusal(503, error));
    }
  });
}

function respond(answer: ServiceAnswer) {
  const { status: statusCode, headers, body } = answer;
  const response = { statusCode, headers, body };
  if (Buffer.byteLength(JSON.stringify(response)) <= maxResponseBytes) return response;
  const tooLarge = new UserError('the answer is larger than 6 MiB', 'Send fewer examples.');
  return respond(refusal(413, tooLarge));
}
