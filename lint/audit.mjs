/**
 * `npm run audit`: fails if a package that counterweight needs has a known vulnerability, unless
 * the list of exceptions explains it. Needs a registry that answers `npm audit`.
 */
import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';

/**
 * An advisory that does not concern counterweight, or has no repair yet.
 *
 * @typedef {object} Exception
 * @property {string} advisory Address of the advisory: https://github.com/advisories/GHSA-….
 * @property {string} reason Why counterweight can be released with it.
 * @property {string} until Date from which it is judged again: 2027-01-31.
 */

/** @type {readonly Exception[]} */
export const exceptions = [];

/**
 * Lists the problems of a report of `npm audit --json`.
 *
 * @param {unknown} report
 * @param {readonly Exception[]} allowed
 * @param {string} today 2026-11-30.
 * @returns {string[]} One message per advisory without a valid exception, and per exception that is
 *   not needed.
 * @throws {Error} if the report has no vulnerabilities field: the audit did not take place.
 */
export function auditProblems(report, allowed, today) {
  const found = advisoriesIn(report);
  const problems = [];
  for (const [url, { name, title, severity }] of found) {
    const exception = allowed.find(({ advisory }) => advisory === url);
    if (exception && today < exception.until) continue;
    const why = exception ? `, and its exception has ended on ${exception.until}` : '';
    problems.push(`${name}: ${title} (${severity}), ${url}${why}`);
  }
  for (const { advisory } of allowed) {
    if (!found.has(advisory)) problems.push(`${advisory} is an exception that is not needed`);
  }
  return problems;
}

/**
 * Collects the advisories of all packages, each once, by their address.
 *
 * @param {unknown} report
 * @returns {Map<string, { name: string, title: string, severity: string }>}
 */
function advisoriesIn(report) {
  const { vulnerabilities, message, error } = /** @type {any} */ (report ?? {});
  if (typeof vulnerabilities !== 'object' || vulnerabilities === null) {
    const reason = message ?? error?.summary ?? 'its answer has no list of vulnerabilities';
    throw new Error(`the registry made no audit: ${reason}`);
  }
  const found = new Map();
  for (const { via } of Object.values(vulnerabilities)) {
    // A text is the name of another package in the list, which has the advisory.
    for (const each of via) if (typeof each === 'object') found.set(each.url, each);
  }
  return found;
}

function main() {
  const options = ['audit', '--omit=dev', '--json'];
  const { stdout } = spawnSync('npm', options, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  const problems = auditProblems(
    JSON.parse(stdout || '{}'),
    exceptions,
    new Date().toISOString().slice(0, 10),
  );
  for (const problem of problems) console.error(problem);
  console.log(`${problems.length} problems, ${exceptions.length} exceptions`);
  if (problems.length > 0) process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
