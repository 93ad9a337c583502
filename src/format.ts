// Figures as text, for the command line and the report.

/** @example percent(0.8234) // 82.3% */
export function percent(share: number, digits = 1): string {
  return Number.isFinite(share) ? `${fixed(share * 100, digits)}%` : '–';
}

/** Writes a number with fixed digits, a true minus sign and no "-0.0"; NaN and ∞ as a dash. */
export function fixed(value: number, digits: number): string {
  if (!Number.isFinite(value)) return '–';
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace('-', '') : text.replace('-', '−');
}

/**
 * Writes a difference of shares as percentage points; small ones get a second digit.
 * @example percentagePoints(0.0123) // 1.2
 */
export function percentagePoints(share: number): string {
  return fixed(share * 100, Math.abs(share) < 0.001 ? 2 : 1);
}

/** @example signedPoints(0.0123) // +1.2 */
export function signedPoints(share: number): string {
  const text = percentagePoints(share);
  return share > 0 && Number(text) !== 0 ? `+${text}` : text;
}

/** @example count(12345) // 12,345 */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** @example counted(1, 'shard') // 1 shard, counted(2, 'shard') // 2 shards */
export function counted(value: number, singular: string, plural = `${singular}s`): string {
  return `${count(value)} ${value === 1 ? singular : plural}`;
}

/** @example bytes(1536) // 1.5 KiB */
export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  const power = Math.min(Math.floor(Math.log2(Math.max(value, 1)) / 10), units.length - 1);
  const scaled = value / 1024 ** power;
  return `${power === 0 || scaled >= 100 ? count(scaled) : scaled.toFixed(1)} ${units[power]}`;
}

/** @example duration(3725) // 1 h 2 min; 65 is 1 min 5 s, 4.25 is 4.3 s */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  return `${count(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}

/** @example rounded(1234.5) // 1,235; 12.345 is 12.3, 0.01234 is 0.012 */
export function rounded(value: number): string {
  return value >= 100 ? count(value) : String(Number(value.toPrecision(value >= 1 ? 3 : 2)));
}

/** @example usd(0.0123) // $0.012; 4.1 is $4.10, 1204 is $1,204 */
export function usd(value: number): string {
  if (value >= 100) return `$${count(value)}`;
  if (value >= 0.1 || value === 0) return `$${value.toFixed(2)}`;
  return value < 0.0001 ? 'under $0.0001' : `$${Number(value.toPrecision(2))}`;
}

/** Formats a time in UTC. @example minute(new Date(0)) // "1970-01-01 00:00" */
export function minute(date: Date): string {
  return date.toISOString().slice(0, 16).replace('T', ' ');
}
