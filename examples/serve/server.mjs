/**
 * HTTP server that predicts with a student:
 *
 *   node server.mjs STUDENT
 *
 * STUDENT is the folder of a student or a run, or s3://…. The variable PORT sets the port, 8080 by
 * default. HOST sets the address; by default, only this machine can reach the server.
 */
import { createServer } from 'node:http';
import { openService } from 'counterweight';

const { HOST = '127.0.0.1', PORT = '8080' } = process.env;
const [student] = process.argv.slice(2);
if (student === undefined) exitWith({ message: 'Which student? node server.mjs STUDENT' });
const service = await openService(student).catch(exitWith);

const server = createServer(async (request, response) => {
  try {
    const { method, url: path } = request;
    const body = request.iterator({ destroyOnReturn: false });
    const answer = await service.answer({ method, path, body });
    response.writeHead(answer.status, answer.headers).end(answer.body);
    // Without effect on the answer: discards the rest of a body that is too large.
    request.resume();
  } catch (error) {
    if (response.destroyed) return; // The client is gone.
    console.error(error);
    response.writeHead(500, { 'content-type': 'application/json' });
    response.end('{"error":"the server failed: its log has the reason"}\n');
  }
});
server.on('error', exitWith);
server.listen(Number(PORT), HOST, () => {
  console.log(`http://${HOST}:${server.address().port}/ answers GET / and POST /predict`);
});
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => server.close(() => service.dispose()));
}

function exitWith({ message, hint = '' }) {
  console.error(`${message}\n${hint}`.trim());
  process.exit(1);
}
