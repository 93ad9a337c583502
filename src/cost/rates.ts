/**
 * How fast things go. Two kinds of figures: those measured on 2026-11-25 with this code and
 * TensorFlow 2.21 on 2 cores of an AMD EPYC with AVX-512, per core, and those assumed of AWS, where
 * nothing was measured. Before training was one graph, whole tasks of CIFAR-10 took 80% to 105% of
 * what the first kind said, tasks of MNIST's smaller images two thirds; they were not compared again.
 * A run's own bill, which is measured, is what corrects them.
 */

/** Measured. Seconds of one core. */
export const measured = {
  /** Reading an example out of its shard, and everything else in JavaScript that each one needs. */
  exampleSeconds: 15e-6,
  /** Decoding an image: each one, each pixel that the network sees, and each encoded byte. */
  imageSeconds: 500e-6,
  pixelSeconds: 35e-9,
  imageByteSeconds: 9e-9,
  /** A request to S3, in its SDK. */
  requestSeconds: 1e-3,
  /** Reading a row of a weights file. */
  weightRowSeconds: 0.5e-6,
  /** Finding an example's weight among 1,000 validation examples. */
  weighSeconds: 4e-6,
  /** Multiplications and additions, as two. */
  forwardFlops: 110e9,
  trainingFlops: 140e9,
  /** A training step, whatever its batch: each layer with a kernel, and each parameter. */
  layerSeconds: 0.1e-3,
  parameterSeconds: 4.4e-9,
  /** Bytes of a row of labels without its probabilities, and of a row of weights. */
  labelRowBytes: 15,
  weightRowBytes: 25,
};

/** Assumed. */
export const assumed = {
  /** A vCPU of Lambda does this part of what a core here did, and one of a GPU machine that. */
  functionCore: 1 / 3,
  gpuCore: 2 / 3,
  /** What small networks get out of a GPU, of 31e12 that an A10G could do. */
  gpuFlops: 3e12,
  gpuVcpus: 4,
  /** From nothing to the first call: a container image with TensorFlow in it. */
  initSeconds: 5,
  /** Of a call that does next to nothing: the plan, the model, the first connections. */
  callSeconds: 0.5,
  /** Waiting for the answer of S3 to a request. */
  answerSeconds: 0.03,
  /** A machine that starts, pulls the image and, afterwards, is given back. */
  gpuStartSeconds: 300,
  /** Its disk. */
  gpuDiskGb: 100,
  /** Calls that fail and are made again. */
  retriedShare: 0.02,
  /** Log lines of a call. */
  logBytes: 3_000,
};
