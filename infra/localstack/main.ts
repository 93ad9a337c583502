/** `npm run localstack`: the whole workflow on this machine, until Ctrl-C. */
import { reportFailure } from '../../src/cli/failure.ts';
import { deploy } from './deploy.ts';
import { startLocalStack } from './localstack.ts';
import type { LocalStack } from './server.ts';

// LocalStack works with any version of Node that calls it.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

/** Default port of AWS tools. */
const usualPort = 4566;

const show = (line: string) => console.error(line);

async function main(): Promise<void> {
  const interrupted = new Promise<void>((stop) => {
    process.once('SIGINT', stop).once('SIGTERM', stop);
  });
  const localstack = await startLocalStack({ port: usualPort, show });
  const serve = async () => {
    show('Deploying the workflow');
    await deploy(localstack);
    explain(localstack);
    await interrupted;
  };
  try {
    await Promise.race([serve(), interrupted]);
  } finally {
    await localstack.stop();
  }
}

/** Prints the settings. Only lines for a shell go to standard output. */
function explain({ endpoint, env, log }: LocalStack): void {
  for (const [name, value] of Object.entries(env)) console.log(`export ${name}=${value}`);
  show(`
LocalStack runs at ${endpoint}; its log is ${log}
In another terminal, paste the lines above, and then

  unset AWS_PROFILE AWS_SESSION_TOKEN
  npx counterweight upload examples/digits
  npx counterweight status --watch

Ctrl-C stops it, and nothing is kept.`);
}

try {
  await main();
} catch (error) {
  process.exitCode = reportFailure(error, process.stderr, 'npm run localstack');
}
