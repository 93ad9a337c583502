/**
 * Rates of work, of two kinds. Measured rates are per core, from 2 cores of an AMD EPYC with
 * AVX-512, with this code and TensorFlow 2.21 on 2026-11-25. Assumed rates are for AWS, where
 * nothing was measured.
 *
 * Before training was one graph, whole tasks of CIFAR-10 took 80% to 105% of the measured rates,
 * and tasks of MNIST's smaller images two thirds. They were not compared again. The true cost of a
 * run is in its own bill, which is measured.
 */

/** Measured rates, in seconds of one core. */
export const measured = {
  /** Per example: reading it from its shard, and all other JavaScript. */
  exampleSeconds: 15e-6,
  /** Start of a function and TensorFlow, per process, with files in memory (2026-11-29). */
  loadSeconds: 1.7,
  /** Decoding: per image, per pixel that the network sees, and per encoded byte. */
  imageSeconds: 500e-6,
  pixelSeconds: 35e-9,
  imageByteSeconds: 9e-9,
  /** Per request to S3, in its SDK. */
  requestSeconds: 1e-3,
  /** Per row of a weights file. */
  weightRowSeconds: 0.5e-6,
  /** Per example: its weight, among 1,000 validation examples. */
  weighSeconds: 4e-6,
  /** Floating-point operations per second; a multiplication and an addition are two. */
  forwardFlops: 110e9,
  trainingFlops: 140e9,
  /** Per training step, for any batch size: per layer with a kernel, and per parameter. */
  layerSeconds: 0.1e-3,
  parameterSeconds: 4.4e-9,
  /** Bytes per row of labels without its probabilities, and per row of weights. */
  labelRowBytes: 15,
  weightRowBytes: 25,
};

/** Objects per request that lists (Amazon S3 API Reference, "ListObjectVersions"). */
export const listingPage = 1_000;

/** Speed of a vCPU of Lambda relative to a core of the machine measured: assumed. */
const functionCore = 1 / 3;

/** Assumed rates. */
export const assumed = {
  /** Speed of one vCPU relative to a core of the machine measured: Lambda, GPU instance. */
  functionCore,
  gpuCore: 2 / 3,
  /** Operations per second of small networks on an A10G, which has a peak of 31e12. */
  gpuFlops: 3e12,
  gpuVcpus: 4,
  /** Tokens per text that an encoder reads. */
  textTokens: 64,
  /** Cold start of a function with TensorFlow. Lambda loads the image's files in addition. */
  initSeconds: measured.loadSeconds / functionCore,
  /** Overhead of every call: the plan, the model, the first connections. */
  callSeconds: 0.5,
  /** Latency of a request to S3. */
  answerSeconds: 0.03,
  /** Time of a GPU machine outside the training: to start, to pull the image and to shut down. */
  gpuStartSeconds: 300,
  /** Disk of the GPU machine. */
  gpuDiskGb: 100,
  /** Share of the calls that fail and are repeated. */
  retriedShare: 0.02,
  /** Bytes of log lines per call. */
  logBytes: 3_000,
  /** Bytes of the events that Step Functions logs per transition, without data. */
  transitionLogBytes: 2_500,
  /** Bytes of the network's flow log per hour of a GPU machine. */
  flowLogBytes: 100_000,
};
