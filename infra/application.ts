import { App, Tags } from 'aws-cdk-lib';
import { CURRENTLY_RECOMMENDED_FLAGS } from 'aws-cdk-lib/cx-api';
import { stackIds } from '../src/aws/deployment-name.ts';
import { checkWithNag } from './nag.ts';
import { readSettings } from './settings.ts';
import { CounterweightStack } from './stack.ts';
import { TrainerStack } from './trainer-stack.ts';

/**
 * Makes the stacks, for no account and region in particular: `cdk deploy` takes both from where
 * every AWS tool does.
 *
 * @param context Settings, as by `cdk --context` (`settings.ts`).
 * @throws UserError if a setting is wrong.
 */
export function makeApp(context: Record<string, unknown> = {}): App {
  const app = new App({
    context: { ...CURRENTLY_RECOMMENDED_FLAGS, ...context },
    analyticsReporting: false,
  });
  const settings = readSettings(app.node);
  const core = new CounterweightStack(app, stackIds.core, settings);
  if (settings.trainer === 'gpu') {
    new TrainerStack(app, stackIds.trainer, settings).addStackDependency(core);
  }
  for (const [key, value] of Object.entries(settings.tags ?? {})) Tags.of(app).add(key, value);
  checkWithNag(app);
  return app;
}
