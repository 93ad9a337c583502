/**
 * Process that runs one model of a user: `confined-model.ts` starts it. It has no credentials, and
 * ends when it is killed or the other process has ended.
 */
import { UserError } from '../../errors.ts';
import type { LoadedModel } from '../teachers/loaded-model.ts';
import { suppliedKinds } from '../teachers/supplied.ts';
import type { SuppliedKind } from '../teachers/teacher-kind.ts';
import type { LoadModel } from './model-source.ts';
import { restore, sharedFd } from './shared-file.ts';
import type { FromModel, ToModel } from './wire.ts';

let model: LoadedModel | undefined;
const send = (message: FromModel) => process.send?.(message);

process.on('message', async (message: ToModel) => {
  try {
    if (message.kind === 'prepare') {
      // Loading reports what fails.
      await kindOf(message.teacherKind)
        ?.library?.()
        .catch(() => {});
    } else if (message.kind === 'load') {
      model = await loadOf(kindOf(message.teacherKind))(message.source);
      const { inputs, outputs, classLabels } = model;
      send({ kind: 'loaded', inputs, outputs, classLabels });
    } else {
      send({
        kind: 'outputs',
        outputs: await model!.run(restore(sharedFd, message.feeds), message.outputs),
      });
    }
  } catch (error) {
    const isUserError = error instanceof UserError;
    const hint = isUserError ? error.hint : undefined;
    send({ kind: 'error', message: (error as Error).message, isUserError, hint });
  }
});

function kindOf(teacherKind: string): SuppliedKind | undefined {
  return suppliedKinds.find(({ name }) => name === teacherKind);
}

function loadOf(kind: SuppliedKind | undefined): LoadModel {
  if (kind?.load) return kind.load;
  throw new Error('there is no such kind of models');
}

process.on('disconnect', () => process.exit());
