import type { Metrics } from './schema.ts';

/** Words for the metric by which models are compared. */
export interface MainMetric {
  readonly name: 'accuracy' | 'microF1';
  readonly title: string;
  /** Name within a sentence. */
  readonly noun: string;
  /** Phrases of a value, before it: "Best: a, right on 81% of the test set." */
  readonly after: { readonly model: string; readonly verb: string; readonly value: string };
  readonly more: string;
  readonly less: string;
  readonly equal: string;
  /** Noun for a class of the task. */
  readonly oneClass: string;
  readonly classes: string;
}

const accuracy: MainMetric = {
  name: 'accuracy',
  title: 'Accuracy',
  noun: 'accuracy',
  after: { model: 'right on', verb: 'is right on', value: 'of' },
  more: 'more accurate',
  less: 'less accurate',
  equal: 'as accurate as',
  oneClass: 'class',
  classes: 'classes',
};

const microF1: MainMetric = {
  name: 'microF1',
  title: 'Micro F1',
  noun: 'micro F1',
  after: { model: 'with a micro F1 of', verb: 'has a micro F1 of', value: 'on' },
  more: 'better in micro F1',
  less: 'worse in micro F1',
  equal: 'as good in micro F1 as',
  oneClass: 'label',
  classes: 'labels',
};

/** Returns whether metrics are those of a multi-label task. */
export function isMultiLabel({ models }: Pick<Metrics, 'models'>): boolean {
  return Object.values(models).some((model) => model.microF1 !== undefined);
}

/**
 * Returns the metric by which models are compared. In a multi-label task it is micro F1, because
 * most decisions are "no": a model that finds no label may still be right on most of them.
 */
export function mainMetric(metrics: Pick<Metrics, 'models'>): MainMetric {
  return isMultiLabel(metrics) ? microF1 : accuracy;
}
