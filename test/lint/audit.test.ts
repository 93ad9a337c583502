import { expect, test } from 'vitest';
import { auditProblems, exceptions } from '../../lint/audit.mjs';

const url = 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc';

/** A report of npm 10 with one advisory, which concerns two packages. */
const report = {
  auditReportVersion: 2,
  vulnerabilities: {
    parser: {
      name: 'parser',
      severity: 'high',
      via: [{ name: 'parser', title: 'Never ends', url, severity: 'high', range: '<2.0.0' }],
    },
    reader: { name: 'reader', severity: 'high', via: ['parser'] },
  },
};
const exception = {
  advisory: url,
  reason: 'The parser reads only our own files.',
  until: '2027-01-31',
};

test('an advisory is a problem, once', () => {
  expect(auditProblems(report, [], '2026-11-30')).toEqual([`parser: Never ends (high), ${url}`]);
});

test('an exception holds until its date', () => {
  expect(auditProblems(report, [exception], '2026-11-30')).toEqual([]);
  expect(auditProblems(report, [exception], '2027-01-31')[0]).toContain('has ended on 2027-01-31');
});

test('an exception that is not needed is a problem', () => {
  const clean = { auditReportVersion: 2, vulnerabilities: {} };
  expect(auditProblems(clean, [exception], '2026-11-30')).toEqual([
    `${url} is an exception that is not needed`,
  ]);
});

test('a registry without audits is an error', () => {
  const answer = { message: '405 Method Not Allowed', error: { summary: '' } };
  expect(() => auditProblems(answer, [], '2026-11-30')).toThrow('405 Method Not Allowed');
});

test('every exception has a reason', () => {
  for (const { reason, until } of exceptions) {
    expect(reason.length).toBeGreaterThan(20);
    expect(until).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  }
});
