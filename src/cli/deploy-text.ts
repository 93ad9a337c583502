/** Texts of `deploy`. */
import { resourceNames } from '../aws/deployment-name.ts';
import { asTyped } from './as-typed.ts';
import type { DeploySettings } from './deploy-settings.ts';

/** Describes the stacks to be created, and their cost while nothing runs. */
export function renderDeployment({ name, trainer, serve }: DeploySettings, region: string): string {
  const { stack, trainerStack } = resourceNames(name);
  const rows: [title: string, what: string][] = [
    [stack, 'buckets for data, results and access logs; the functions; the workflow'],
    ['', 'and its trigger; alarms and a dashboard'],
  ];
  if (trainer === 'gpu') {
    rows.push([
      trainerStack,
      'a network and a queue for GPU jobs; an instance only while one runs',
    ]);
  }
  if (serve !== undefined) {
    rows.push([
      'in the first stack',
      `a URL that predicts with the student of ${serve}; callers need IAM`,
    ]);
  }
  const width = Math.max(...rows.map(([title]) => title.length));
  return [
    `To be deployed in ${region}:`,
    ...rows.map(([title, what]) => `  ${title.padEnd(width)}  ${what}`),
    '',
    'While nothing runs it costs about 5 US dollars per month for the alarms, their key and the',
    'dashboard (the first three dashboards of an account are free), plus the storage of data in S3',
    asTyped('and of images in ECR. counterweight destroy deletes it.'),
    '',
  ].join('\n');
}

/** States who receives the alarms. */
export function renderAlarms({ alarmEmail }: DeploySettings): string {
  return alarmEmail === undefined
    ? asTyped(
        'Alarms are sent to no address. To send them: counterweight deploy --alarm-email ADDRESS',
      )
    : `Alarms are sent to ${alarmEmail} once its owner confirms the e-mail that AWS sends there.`;
}

/** Describes the URL of the student, with a call. */
export function renderEndpoint(url: string, region: string): string {
  return [
    `The student in use answers at ${url}`,
    'A signed request, which describes it:',
    '  eval "$(aws configure export-credentials --format env)"',
    `  curl --aws-sigv4 aws:amz:${region}:lambda --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\`,
    `    \${AWS_SESSION_TOKEN:+-Hx-amz-security-token:$AWS_SESSION_TOKEN} ${url}`,
  ].join('\n');
}

/** Lists the variables by which the other commands find a LocalStack, as lines for a shell. */
export async function renderVariables(endpoint: string): Promise<string> {
  const { clientEnv } = await import('../aws/localstack.ts');
  const exports = Object.entries(clientEnv(endpoint)).map(
    ([name, value]) => `  export ${name}=${value}`,
  );
  return ['The other commands find it with these variables:', ...exports].join('\n');
}
