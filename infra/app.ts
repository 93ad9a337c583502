import { UserError } from '../src/errors.ts';
import { makeApp } from './application.ts';

/** Program of the `cdk` command, by cdk.json. A wrong setting is reported without a stack trace. */
try {
  makeApp().synth();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(error.hint ? `${error.message}\n${error.hint}` : error.message);
  process.exitCode = 1;
}
