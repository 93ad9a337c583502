/** Seconds since the call before, or since it was made. */
export function stopwatch(): () => number {
  let sinceMs = performance.now();
  return () => {
    const nowMs = performance.now();
    const seconds = (nowMs - sinceMs) / 1000;
    sinceMs = nowMs;
    return seconds;
  };
}
