// The optimizers of `../optimizers.ts` as nodes of a graph: TensorFlow's own kernels.

import type { Feed } from '../../models/graph-session.ts';
import { attribute, floatType } from '../../models/kernels.ts';
import type { Node } from '../../models/saved-graph.ts';
import { adamRates, type OptimizerConfig } from '../optimizer-rules.ts';
import { control, node, placeholder, scalar } from './nodes.ts';

/** Makes the nodes that all updates share: constants, and inputs that change with every step. */
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

/** Makes the inputs of a step. @param step from 1. */
export function sharedFeeds(learningRate: number, step: number): [string, Feed][] {
  const { rate, epsilon } = adamRates(learningRate, step);
  const number = (value: number): Feed => ({ shape: [], values: Float32Array.of(value) });
  return [
    ['learningRate', number(learningRate)],
    ['adam/rate', number(rate)],
    ['adam/epsilon', number(epsilon)],
  ];
}

/** Update of a parameter in the graph. */
export interface Update {
  /** Name of the update. */
  readonly name: string;
  /** Variable of the parameter; `<variable>/read` is its value before the step. */
  readonly variable: string;
  /** Variables of its slots. */
  readonly slots: readonly string[];
  readonly gradient: string;
  readonly decay: number;
  /** Factor on the learning rate. */
  readonly rateFactor: number;
}

/** Makes the nodes that change a parameter by its gradient; the last node runs last. */
export function updateNodes(update: Update, { optimizer }: OptimizerConfig): Node[] {
  const { name, variable, slots, gradient, decay, rateFactor } = update;
  const nodes: Node[] = [];
  let rate = optimizer === 'adam' ? 'adam/rate' : 'learningRate';
  if (rateFactor !== 1) {
    nodes.push(
      scalar(`${name}/factor`, rateFactor),
      node(`${name}/rate`, 'Mul', [rate, `${name}/factor`], [floatType('T')]),
    );
    rate = `${name}/rate`;
  }
  let after = `${variable}/read`;
  if (decay > 0) {
    nodes.push(
      scalar(`${name}/decay`, decay * rateFactor),
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
      ? // The zeros stand for the powers of beta: `adam/rate` includes the bias correction.
        node(
          name,
          'ResourceApplyAdam',
          [
            ...[...handles, 'zero', 'zero', rate, 'adam/beta1', 'adam/beta2'],
            ...['adam/epsilon', gradient, control(after)],
          ],
          [floatType('T'), attribute('use_locking', 'BOOL', false)],
        )
      : node(
          name,
          'ResourceApplyMomentum',
          [...handles, rate, gradient, 'momentum', control(after)],
          [floatType('T'), attribute('use_locking', 'BOOL', false)],
        ),
  );
  return nodes;
}
