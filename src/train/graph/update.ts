/** The optimizers of `../optimizers.ts` as nodes of a graph: TensorFlow's own kernels. */
import { attribute, floatType } from '../kernels.ts';
import { adamRates, type OptimizerConfig } from '../optimizers.ts';
import { control, node, placeholder, scalar } from './nodes.ts';
import type { Node } from './saved-model.ts';
import type { Feed } from './session.ts';

/** What the updates of all parameters share: constants, and what changes with every step. */
export function sharedNodes({ momentum }: OptimizerConfig): Node[] {
  const { beta1, beta2 } = adamRates(0, 1);
  return [
    placeholder('learningRate', []),
    placeholder('adam/rate', []),
    placeholder('adam/epsilon', []),
    scalar('adam/beta1', beta1),
    scalar('adam/beta2', beta2),
    scalar('zero', 0),
    scalar('momentum', momentum),
  ];
}

/** @param step from 1. */
export function sharedFeeds(learningRate: number, step: number): [string, Feed][] {
  const { rate, epsilon } = adamRates(learningRate, step);
  const number = (value: number): Feed => ({ shape: [], values: Float32Array.of(value) });
  return [
    ['learningRate', number(learningRate)],
    ['adam/rate', number(rate)],
    ['adam/epsilon', number(epsilon)],
  ];
}

/** A parameter in the graph. */
export interface Update {
  /** The update's name. */
  readonly name: string;
  /** Its variable; `<variable>/read` gives its value before the step. */
  readonly variable: string;
  /** Its slots' variables. */
  readonly slots: readonly string[];
  readonly gradient: string;
  readonly decay: number;
}

/** Changes a parameter by its gradient; the last node is the one that is done last. */
export function updateNodes(update: Update, { optimizer }: OptimizerConfig): Node[] {
  const { name, variable, slots, gradient, decay } = update;
  const nodes: Node[] = [];
  let after = `${variable}/read`;
  if (decay > 0) {
    nodes.push(
      scalar(`${name}/decay`, decay),
      node(`${name}/share`, 'Mul', ['learningRate', `${name}/decay`], [floatType('T')]),
      node(`${name}/loss`, 'Mul', [after, `${name}/share`], [floatType('T')]),
      node(
        `${name}/decayed`,
        'AssignSubVariableOp',
        [variable, `${name}/loss`],
        [floatType('dtype')],
      ),
    );
    after = `${name}/decayed`;
  }
  const handles = [variable, ...slots];
  nodes.push(
    optimizer === 'adam'
      ? // The two zeros: `adam/rate` has the corrections for the start in it.
        node(
          name,
          'ResourceApplyAdam',
          [
            ...[...handles, 'zero', 'zero', 'adam/rate', 'adam/beta1', 'adam/beta2'],
            ...['adam/epsilon', gradient, control(after)],
          ],
          [floatType('T'), attribute('use_locking', 'BOOL', false)],
        )
      : node(
          name,
          'ResourceApplyMomentum',
          [...handles, 'learningRate', gradient, 'momentum', control(after)],
          [floatType('T'), attribute('use_locking', 'BOOL', false)],
        ),
  );
  return nodes;
}
