/** Variables that the libraries of models read. None of them holds a secret. */
const allowed = new Set([
  ...['PATH', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'SYSTEMROOT'],
  ...['LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH', 'ORT_DISABLE_TELEMETRY', 'COUNTERWEIGHT_GPU'],
  ...['OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'KMP_AFFINITY', 'KMP_BLOCKTIME'],
  ...['TF_CPP_MIN_LOG_LEVEL', 'TF_NUM_INTRAOP_THREADS', 'TF_NUM_INTEROP_THREADS'],
  ...['TF_ENABLE_ONEDNN_OPTS', 'TF_FORCE_GPU_ALLOW_GROWTH', 'TF_GPU_ALLOCATOR'],
  ...['TF_DETERMINISTIC_OPS', 'CUDA_VISIBLE_DEVICES', 'NVIDIA_VISIBLE_DEVICES', 'CUDA_CACHE_PATH'],
]);

/**
 * Returns the environment of a process that runs a model: a list of allowed variables, because a
 * list of secret ones would never be complete.
 */
export function modelEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => allowed.has(name)));
}
