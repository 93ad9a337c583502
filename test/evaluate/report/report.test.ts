import { describe, expect, test } from 'vitest';
import type { Preview } from '../../../src/data/features/preview.ts';
import { rawTeacher } from '../../../src/evaluate/reliability.ts';
import { renderReport } from '../../../src/evaluate/report/report.ts';
import {
  sampleConfig,
  sampleConfusion,
  sampleGallery,
  sampleLabelMetrics,
  sampleMachine,
  sampleMetrics,
  samplePicture,
} from '../../support/sample-metrics.ts';

/** Two mistakes of the student. */
const gallery = sampleGallery(2);

describe('renderReport', () => {
  test('needs nothing from outside and has no script', () => {
    const report = renderReport(sampleMetrics());
    expect(report).not.toMatch(/https?:/);
    expect(report).not.toMatch(/\b(src|href|srcset|action|data)\s*=/i);
    expect(report).not.toMatch(/<(script|link|img|iframe|object|embed)\b/i);
    expect(report).not.toMatch(/@import|url\(/);
    expect(report).toContain("default-src 'none'");
  });

  test('escapes every text of the user', () => {
    const evil = `"><script>alert('x')</script>&`;
    const { metrics, students } = sampleMetrics();
    const report = renderReport(
      sampleMetrics({
        run: evil,
        dataset: evil,
        classes: ['cat', evil],
        warnings: [evil],
        metrics: { ...metrics, models: { ...metrics.models, [evil]: metrics.models.teacher! } },
        students: [...students, { ...students[0]!, variant: evil }],
        quarantineExamples: [{ id: evil, reason: evil }],
      }),
    );
    expect(report).not.toContain('<script');
    expect(report.split('&lt;script&gt;').length - 1).toBeGreaterThanOrEqual(10);
  });

  test('is well-formed: every element that is opened is closed, in order', () => {
    const report = renderReport(sampleMetrics({ warnings: ['One.'] }));
    const open: string[] = [];
    for (const [, end, name, attributes] of report.matchAll(/<(\/?)([a-z][a-z0-9]*)([^>]*)>/gi)) {
      if (end) expect(open.pop()).toBe(name);
      else if (name !== 'meta' && !attributes?.endsWith('/')) open.push(name!);
    }
    expect(open).toEqual([]);
  });

  test('shows the accuracy without test examples that are in another set', () => {
    const { metrics } = sampleMetrics();
    const sets = { labeled: 3, validation: 0, unlabeled: 1 };
    const leakage = { examples: 4, of: 10_004, sets, without: metrics };
    for (const shown of [leakage, { examples: 10_004, of: 10_004, sets }]) {
      const report = renderReport(sampleMetrics({ leakage: shown }));
      expect(report).toContain(`${shown.examples.toLocaleString('en-US')} of the 10,004 test`);
      const accuracy = '81.4% (80.5% to 82.3%)';
      const others = shown === leakage ? accuracy : '–';
      expect(report).toContain(
        `<th scope="row">weighted</th><td>${accuracy}</td><td>${others}</td>`,
      );
    }
    expect(renderReport(sampleMetrics())).not.toContain('Test examples in other sets');
  });

  test('shows all figures, also as tables', () => {
    const report = renderReport(sampleMetrics());
    for (const figure of [
      '81.4% <small>80.5% to 82.3%</small>',
      'The weighted student is 1.3 percentage points more accurate than the uniform one.',
      '<td>93,322 <small>376 KiB</small></td>',
      '<td>+1.3 <small>+0.6 to +2.1</small></td>',
      '<td>−0.051 <small>−0.069 to −0.033</small></td>',
      '<th scope="row">30</th>',
      '2 of the 3 quarantined examples',
      'premature end of JPEG image',
      'counterweight run cifar',
    ]) {
      expect(report).toContain(figure);
    }
    expect(report).not.toMatch(/NaN|undefined|Infinity/);
  });

  test('states how many texts an encoder reads only in part', () => {
    const truncated = [
      { encoder: 'the encoder models/tiny', maxLength: 128, texts: 12, of: 3000 },
      { encoder: 'hf:owner/<b>@c0ffee', maxLength: 512, texts: 1, of: 3000 },
    ];
    const report = renderReport(sampleMetrics({ truncated }));
    expect(report).toContain(
      '12 of 3,000 texts were cut to 128 tokens for the encoder models/tiny.',
    );
    expect(report).toContain(
      '1 of 3,000 texts were cut to 512 tokens for hf:owner/&lt;b&gt;@c0ffee.',
    );
    expect(renderReport(sampleMetrics())).not.toContain('were cut to');
  });

  test('shows the counts of confused classes, of many classes only the largest', () => {
    const report = renderReport(sampleMetrics({ confusion: sampleConfusion }));
    for (const text of [
      '<li>240 of the 1,402 test examples of class cat are taken for dog; by the teacher, 310.</li>',
      '<td class="wrong" style="--share:0.17">240</td>',
      '<td class="right" style="--share:0.78">1,100</td>',
      '<caption>teacher</caption>',
    ]) {
      expect(report).toContain(text);
    }
    const { largest } = sampleConfusion.weighted;
    const many = renderReport(sampleMetrics({ confusion: { weighted: { largest } } }));
    expect(many).toContain('>cat</th><td class="text long">dog</td><td>240</td><td>17.1%</td>');
    expect(many).not.toContain('class="matrix');
    expect(renderReport(sampleMetrics())).not.toContain('Confusion');
  });

  test('shows the figures of a multi-label task per label and per decision', () => {
    const [least] = sampleMetrics().leastWeighed;
    const report = renderReport(
      sampleLabelMetrics({ leastWeighed: [{ ...least!, label: 'cat' }] }),
    );
    for (const text of [
      '. 7 labels, evaluated',
      '71.4% <small>69.4% to 73.4%</small>',
      '<th scope="col">weighted minus</th><th scope="col">Micro F1</th>',
      '<details open><summary>weighted</summary>',
      '<th scope="row" class="long">airplane</th><td>1,400</td><td>1,000</td><td>400</td><td>450</td><td>40.0%</td><td>71.4%</td><td>40.0%</td><td>40.0%</td>',
      '<td>1,406</td><td>1,173</td><td>233</td><td>277</td><td>–</td><td>83.4%</td><td>–</td><td>–</td>',
      'Right decisions by the margin of the teacher',
      'Weights of the decisions about unlabeled examples',
      'monday/a.tar/000213</th><td class="text">cat</td><td>0.031</td>',
    ]) {
      expect(report).toContain(text);
    }
    expect(report).not.toMatch(/NaN|undefined|Infinity|Recall per class|most likely class/);
    expect(report).not.toContain('random sample');
    const { metrics } = sampleLabelMetrics();
    const sampled = { ...metrics, rankedExamples: 5000 };
    expect(renderReport(sampleLabelMetrics({ metrics: sampled }))).toContain(
      'a random sample of 5,000 of the 10,000 test examples',
    );
  });

  test('every chart has a title and a description for those who cannot see it', () => {
    const charts = renderReport(sampleMetrics()).split('role="img">').slice(1);
    expect(charts).toHaveLength(7);
    for (const chart of charts)
      expect(chart).toMatch(/^\s*<title>[^<]+<\/title><desc>[^<]+<\/desc>/);
  });

  test('shows pictures as a part of the file', () => {
    const bytes = Buffer.from('a picture');
    const picture = { kind: 'picture', type: 'image/png', bytes, width: 28, height: 28 } as const;
    const report = renderReport(sampleMetrics({ gallery }), new Map([['s/1.png', picture]]));
    for (const text of [
      '<h3>Surest mistakes</h3>',
      `alt="Example 1.png" src="data:image/png;base64,${bytes.toString('base64')}"/>`,
      '<dt>True</dt> <dd>cat</dd>',
      '<dt>Student</dt> <dd>dog (91%)</dd>',
      '<dt>Teacher</dt> <dd>cat (62%)</dd>',
      '1 example without content: the report is limited in size.',
    ]) {
      expect(report).toContain(text);
    }
    expect(report).not.toContain('Largest disagreements');
  });

  test('shows texts and columns, escaped, and only names examples without content', () => {
    const text = { kind: 'text', text: 'R&D <b>' } as const;
    const cells = [['age', '<42>']] as const;
    const report = renderReport(
      sampleMetrics({ gallery }),
      new Map<string, Preview>([
        ['s/1.png', text],
        ['s/2.png', { kind: 'columns', cells, more: 3 }],
      ]),
    );
    expect(report).toContain('<p class="content">R&amp;D &lt;b&gt;</p>');
    expect(report).toContain('<span>age</span> &lt;42&gt;</span>');
    expect(report).toContain('and 3 columns more');
    const plain = renderReport(sampleMetrics({ gallery }));
    expect(plain).toContain('1.png</th><td class="text">cat</td><td class="text">dog (91%)</td>');
    expect(plain).not.toContain('class="content"');
  });

  test('shows the first examples of a long list, and folds the others', () => {
    const of = (count: number) => {
      const shown = sampleGallery(count);
      const text = { kind: 'text', text: 'some words' } as const;
      const previews = new Map(shown.mistakes.map(({ id }) => [`s/${id}`, text]));
      return renderReport(sampleMetrics({ gallery: shown }), previews);
    };
    expect(of(9)).toContain('<details><summary>3 more</summary><ul class="cards"><li>');
    expect(of(8)).not.toContain('more</summary>');
  });

  test('shows examples of the largest confusions', () => {
    const report = renderReport(
      sampleMetrics({ gallery, confusion: sampleConfusion }),
      new Map([['s/2.png', samplePicture]]),
    );
    expect(report).toMatch(
      /by the teacher, 310\.<ul class="shots"><li><img [^>]*alt="Example 2.png"/,
    );
    expect(report).toContain(
      '<li>2 of the 1,400 test examples of class airplane are taken for bird; by the teacher, 0.</li>',
    );
  });

  test('has no curve of weights that are all 1', () => {
    const { students } = sampleMetrics();
    const history = [{ epoch: 0, loss: 1, meanWeight: 1 }];
    const report = renderReport(sampleMetrics({ students: [{ ...students[0]!, history }] }));
    expect(report).toContain('<h3>Loss</h3>');
    expect(report).not.toContain('<h3>Mean weight</h3>');
  });

  test('shows weights over the plane of both margins, and the estimate over the errors', () => {
    const report = renderReport(sampleMetrics());
    // The smallest weight is the strongest colour.
    expect(report.match(/class="heat"/g)).toHaveLength(3);
    expect(report).toContain('<title>Weights by both margins</title>');
    expect(report).toContain('from 0.80 to 0.40.');
    expect(report).toContain('height="15.8" fill-opacity="1.00"');
    expect(report).toContain('<td>0.0 to 0.1</td><td>100</td><td>0.400</td><td>50%</td>');
    const [, errors] = report.split('<title>Error of the teacher by its margin</title>');
    expect(errors!.split('</svg>')[0]).toContain('<path class="line s1"');
    expect(errors).toContain('Dashed: the estimate for unlabeled examples');
  });

  test('has no weights if no student was weighted', () => {
    const report = renderReport(sampleMetrics({ isWeighted: false }));
    expect(report).toContain('<h2>Teacher errors</h2>');
    expect(report).not.toMatch(/smallest weights|Weights of the unlabeled|by both margins|Dashed:/);
  });

  test('begins with the verdicts and what to do, and ends with the config', () => {
    const report = renderReport(
      sampleMetrics({ confusion: sampleConfusion, gallery }),
      new Map(),
      sampleConfig,
    );
    const headings = [...report.matchAll(/<h2>([^<]+)/g)].map(([, title]) => title);
    expect(headings).toEqual([
      'What to do next',
      'Figures',
      'Paired differences',
      'Confusion',
      'Recall per class',
      'Examples to look at',
      'What to label next',
      'Teacher errors and weights',
      'Students compared with their teacher',
      'Training',
      'Data',
      'Reproduction',
    ]);
    const first = report.indexOf('class="verdict');
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(report.indexOf('<h2>'));
    expect(report).toContain(
      '<th scope="row">folds</th><td class="text long">5</td><td class="text">default</td>',
    );
    expect(report).toContain('<td class="text">distill.yaml</td>');
  });

  test('shows the machine, the versions, and the times of models and stages', () => {
    const report = renderReport(sampleMetrics(), new Map(), sampleConfig, sampleMachine);
    for (const text of [
      '<th scope="col">Time per example</th>',
      '<small>376 KiB</small></td><td>1.23 ms</td></tr>',
      'median of 10 examples',
      '<dd>2 cores, 8.0 GiB, Linux x64</dd>',
      '<dt>counterweight</dt><dd>0.1.0</dd>',
      '<th scope="row">Label</th><td>1,200</td><td>1 h 2 min</td>',
    ]) {
      expect(report).toContain(text);
    }
    // The teacher has no size and no time.
    expect(report).toContain('<td>–</td><td>–</td></tr>');
    expect(renderReport(sampleMetrics())).not.toMatch(/Machine and time|Time per example/);
  });

  test('shows the examples of each class by set, and the columns of a table', () => {
    const column = { missing: 0, missingShare: 0, notes: [] };
    const run = sampleMetrics({
      classCounts: { labeled: [1, 2, 3, 4, 5, 6, 7], test: [1500, 0, 0, 0, 0, 0, 0] },
      columns: [
        { ...column, name: 'age', use: 'numeric', range: [17, 90] },
        {
          ...column,
          name: 'city',
          use: 'none',
          values: 9,
          missing: 2,
          missingShare: 0.05,
          notes: ['an id'],
        },
      ],
    });
    const [, data] = renderReport(run).split('<h2>Data</h2>');
    for (const text of [
      '<th scope="col">Labeled</th><th scope="col">Test</th></tr>',
      '>airplane</th><td>1</td><td>1,500</td></tr>',
      '>age</th><td class="text">numeric</td><td class="text">17 to 90</td><td></td>',
      '>city</th><td class="text">not used</td><td class="text">9 values</td><td>5.0%</td><td class="text long">an id</td>',
    ]) {
      expect(data).toContain(text);
    }
    const many = Array.from({ length: 600 }, (_, i) => `class ${i}`);
    const folded = renderReport(
      sampleMetrics({ classes: many, classCounts: { labeled: many.map(() => 1) } }),
    );
    expect(folded).toContain('<summary>Show the first 500 of 600 classes</summary>');
    expect(renderReport(sampleMetrics())).not.toMatch(/Examples per class|<h3>Columns/);
  });

  test('shows how often teacher and student are right, by their confidence', () => {
    const bins = [
      { confidence: 0.55, decisions: 3, right: 1 },
      { confidence: 0.95, decisions: 400, right: 300 },
    ];
    const report = renderReport(sampleMetrics({ reliability: { teacher: bins, weighted: bins } }));
    const [, section] = report.split('<h2>Reliability</h2>');
    expect(section).toContain('</svg>weighted</li>');
    expect(section).toContain('<td>95.0%</td><td>75.0%</td><td>400</td>');
    // A bin with few examples is only in the table.
    expect(section).toMatch(/<path class="line s0" d="M[\d.]+ [\d.]+"\/>/);
    expect(section).not.toContain('before calibration');
    expect(renderReport(sampleMetrics())).not.toContain('Reliability');
  });

  test('shows a calibrated teacher before and after calibration', () => {
    const after = [{ confidence: 0.75, decisions: 400, right: 300 }];
    const before = [{ confidence: 0.95, decisions: 400, right: 300 }];
    const reliability = { teacher: after, weighted: after, [rawTeacher]: before };
    const [, section] = renderReport(sampleMetrics({ reliability })).split('<h2>Reliability</h2>');
    expect(section).toContain('</svg>teacher before calibration</li>');
    expect(section).toContain(
      '>teacher before calibration</th><td>95.0%</td><td>75.0%</td><td>400</td>',
    );
    // The sample has five models.
    expect(section).toMatch(/<path class="line s5" d="M[\d.]+ [\d.]+"\/>/);
  });

  test('shows the time of the teacher, or why there is none', () => {
    const timed = { ...sampleMachine, latency: { ...sampleMachine.latency, teacher: 0.0123 } };
    const report = renderReport(sampleMetrics(), undefined, undefined, timed);
    expect(report).toContain('<td>12.3 ms</td>');
    expect(report).toContain('The time of a teacher with several models is that of all of them');
    const teacherNotTimed = 'its answers are stored predictions';
    const machine = { ...sampleMachine, teacherNotTimed };
    expect(renderReport(sampleMetrics(), undefined, undefined, machine)).toContain(
      'The teacher has no time: its answers are stored predictions.</p>',
    );
  });

  test('lets the keyboard scroll every wide table', () => {
    const report = renderReport(sampleMetrics({ confusion: sampleConfusion, gallery }));
    expect(report).not.toContain('<div class="scroll">');
    expect(report).toContain('role="region" aria-label="Recall per class" tabindex="0"');
  });

  test('states that the figures are on the validation set', () => {
    expect(renderReport(sampleMetrics())).not.toContain('They are too good for every student');
    expect(renderReport(sampleMetrics({ evaluatedOn: 'validation' }))).toContain(
      'They are too good for every student',
    );
  });

  test('names the examples that count least', () => {
    const cells = '<td>0.031</td><td>71%</td><td>0.020</td>';
    expect(renderReport(sampleMetrics())).toContain(`monday/a.tar/000213</th>${cells}`);
  });

  test('shows which rounds of relabeling were taken', () => {
    const { students } = sampleMetrics();
    const round = { examples: 200, teacherRight: 150, studentRight: 164, gained: 18, lost: 4 };
    const relabeling = [
      { ...round, accepted: true },
      { ...round, teacherRight: 164, gained: 3, lost: 3, accepted: false },
    ];
    const report = renderReport(sampleMetrics({ students: [{ ...students[0]!, relabeling }] }));
    const cells = '<td>200</td><td>75.0%</td><td>82.0%</td><td>18</td><td>4</td>';
    expect(report).toContain(`<td>1</td>${cells}<td class="text">accepted</td>`);
    expect(report).toContain('<td class="text">refused</td>');
    expect(renderReport(sampleMetrics())).not.toContain('refused');
  });

  test('holds with as little as a run can have', () => {
    const { metrics, students } = sampleMetrics();
    const { weighted } = metrics.models;
    const report = renderReport(
      sampleMetrics({
        metrics: {
          examples: 1,
          support: [0, 1],
          differences: [],
          models: {
            weighted: { ...weighted!, recall: [null, { value: 1, low: 0.2, high: 1 }] },
          },
        },
        classes: ['cat', 'dog'],
        students: [{ ...students[0]!, history: [{ epoch: 1, loss: 2 }] }],
        teacherCurve: [],
        weights: [],
        quarantineExamples: [],
        quarantined: 0,
      }),
    );
    expect(report).toContain('No other student was trained.');
    expect(report).toContain('<th scope="row" class="long">cat</th><td>–</td>');
    expect(report).not.toMatch(/NaN|undefined|Infinity/);
  });

  test('gives a model the same colour in the figures and in the charts', () => {
    const { metrics, deviations } = sampleMetrics();
    const models = { ...metrics.models, current: metrics.models.uniform! };
    const byMargin = deviations.byMargin.map((bin) => ({
      ...bin,
      right: { ...bin.right, current: 500 },
    }));
    const report = renderReport(
      sampleMetrics({
        metrics: { ...metrics, models },
        deviations: { ...deviations, byMargin },
      }),
    );
    // Students, teacher, two baselines, and the student in use.
    expect(report).toMatch(/<th scope="row">current<\/th>\s*<td><svg class="cell".*dot s5/);
    expect(report).toMatch(/class="line s5" d="M1 6H31"\/><\/svg>current/);
  });

  test('folds a long list of classes away', () => {
    const classes = Array.from({ length: 50 }, (_, i) => `class ${i}`);
    expect(renderReport(sampleMetrics({ classes }))).toContain('<summary>All 50 classes</summary>');
  });

  test('shows only the worst of very many classes', () => {
    const classes = Array.from({ length: 20_000 }, (_, i) => `class ${i}`);
    const report = renderReport(sampleMetrics({ classes }));
    expect(report).toContain('The 500 classes of 20,000 that weighted finds least');
    expect(report.length).toBeLessThan(1e6);
  });
});
