/** `npm run localstack`: the whole workflow on this machine, until Ctrl-C. */
import { reportFailure } from '../../src/cli/failure.ts';
import { deploy } from './deploy.ts';
import { startLocalStack } from './localstack.ts';

const show = (line: string) => console.error(line);

async function main(): Promise<void> {
  const interrupted = new Promise<void>((stop) => {
    process.once('SIGINT', stop).once('SIGTERM', stop);
  });
  const localstack = await startLocalStack({ show });
  try {
    show('Deploying the workflow');
    await Promise.race([deploy(localstack), interrupted]);
    for (const [name, value] of Object.entries(localstack.env)) {
      console.log(`export ${name}=${value}`);
    }
    show(`
LocalStack runs at ${localstack.endpoint}; its log is ${localstack.log}
In another terminal, paste the lines above and

  unset AWS_PROFILE AWS_SESSION_TOKEN
  npx counterweight upload examples/digits
  npx counterweight status --watch

Ctrl-C stops it, and nothing is kept.`);
    await interrupted;
  } finally {
    await localstack.stop();
  }
}

try {
  await main();
} catch (error) {
  process.exitCode = reportFailure(error, process.stderr, 'npm run localstack');
}
