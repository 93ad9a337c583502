/**
 * Supported platforms, each with the Python wheels that contain TensorFlow's C library for it. A
 * wheel is used only if it has the size and SHA-256 given here.
 */

export const TENSORFLOW_VERSION = '2.21.0';

/**
 * @typedef {object} Wheel
 * @property {string} package The name of the Python package.
 * @property {string} version
 * @property {string} platformTag The platform tag that pip downloads it for.
 * @property {number} sizeBytes
 * @property {string} sha256 In hexadecimal.
 * @property {string[]} files Extracted files, and folders with a "/" at their end.
 * @property {Record<string, string>} [links] Links to make, with their targets, where a library
 *   looks for another one at a path that its package does not have.
 */

/**
 * @typedef {object} Distribution
 * @property {Wheel[]} wheels TensorFlow's first: its files are the libraries that the binding is
 *   linked with.
 * @property {boolean} strip Whether TensorFlow's libraries can lose their local symbols: on macOS
 *   that would break their signature.
 * @property {number} workingMb Disk space during set-up, in megabytes.
 * @property {number} installedMb Disk space after set-up, in megabytes.
 */

const LINUX_LIBRARIES = [
  'tensorflow/libtensorflow_cc.so.2',
  'tensorflow/libtensorflow_framework.so.2',
];
const MACOS_LIBRARIES = [
  'tensorflow/libtensorflow_cc.2.dylib',
  'tensorflow/libtensorflow_framework.2.dylib',
];

/**
 * NVIDIA's libraries that TensorFlow opens, their dependencies, and the assembler that it calls.
 * These are some of its package's requirements `and-cuda`, each at its lowest version, with which
 * TensorFlow was compiled.
 *
 * @type {Wheel[]}
 */
const CUDA_WHEELS = [
  {
    package: 'nvidia-cuda-runtime-cu12',
    version: '12.5.82',
    platformTag: 'manylinux2014_x86_64',
    sizeBytes: 895_707,
    sha256: '3e79a060e126df40fd3a068f3f787eb000fa51b251ec6cd97d09579632687115',
    files: ['nvidia/cuda_runtime/lib/libcudart.so.12'],
  },
  {
    package: 'nvidia-cublas-cu12',
    version: '12.5.3.2',
    platformTag: 'manylinux2014_x86_64',
    sizeBytes: 363_313_169,
    sha256: 'ca070ad70e9fa6654084575d01bd001f30cc4665e33d4bb9fc8e0f321caa034b',
    files: ['nvidia/cublas/lib/libcublas.so.12', 'nvidia/cublas/lib/libcublasLt.so.12'],
  },
  {
    package: 'nvidia-cudnn-cu12',
    version: '9.3.0.75',
    platformTag: 'manylinux2014_x86_64',
    sizeBytes: 577_163_502,
    sha256: '9ad9c6929ebb5295eb4a1728024666d1c88283373e265a0c5c883e6f9d5cd76d',
    files: ['nvidia/cudnn/lib/'],
  },
  {
    package: 'nvidia-cuda-nvrtc-cu12',
    version: '12.5.82',
    platformTag: 'manylinux2014_x86_64',
    sizeBytes: 24_873_108,
    sha256: '3dbd97b0104b4bfbc3c4f8c79cd2496307c89c43c29a9f83125f1d76296ff3fd',
    files: ['nvidia/cuda_nvrtc/lib/'],
    links: { 'nvidia/nvrtc': 'cuda_nvrtc' }, // For cuDNN.
  },
  {
    package: 'nvidia-cufft-cu12',
    version: '11.2.3.61',
    platformTag: 'manylinux2014_x86_64',
    sizeBytes: 192_524_114,
    sha256: '9a6e8df162585750f61983a638104a48c756aa13f9f48e19ab079b38e3c828b8',
    files: ['nvidia/cufft/lib/libcufft.so.11'],
  },
  {
    package: 'nvidia-cusolver-cu12',
    version: '11.6.3.83',
    platformTag: 'manylinux2014_x86_64',
    sizeBytes: 130_341_232,
    sha256: '93cfafacde4428b71778eeb092ec615a02a3d05404da1bcf91c53e3fa1bce42b',
    files: ['nvidia/cusolver/lib/libcusolver.so.11'],
    // For libtensorflow_framework, which opens it and looks in the folders of the others only.
    links: { 'nvidia/cublas/lib/libcusolver.so.11': '../../cusolver/lib/libcusolver.so.11' },
  },
  {
    package: 'nvidia-cusparse-cu12',
    version: '12.5.1.3',
    platformTag: 'manylinux2014_x86_64',
    sizeBytes: 217_558_979,
    sha256: '016df8e993c437e8301e62739f01775cba988fd5253cd4c64173f8e8d2f8e752',
    files: ['nvidia/cusparse/lib/libcusparse.so.12'],
  },
  {
    package: 'nvidia-nvjitlink-cu12',
    version: '12.5.82',
    platformTag: 'manylinux2014_x86_64',
    sizeBytes: 21_298_879,
    sha256: 'f9b37bc5c8cf7509665cb6ada5aaa0ce65618f2332b7d3e78e9790511f111212',
    files: ['nvidia/nvjitlink/lib/libnvJitLink.so.12'],
  },
  {
    package: 'nvidia-nccl-cu12',
    version: '2.27.7',
    platformTag: 'manylinux2014_x86_64',
    sizeBytes: 322_546_339,
    sha256: 'de5ba5562f08029a19cb1cd659404b18411ed0d6c90ac5f52f30bf99ad5809aa',
    files: ['nvidia/nccl/lib/libnccl.so.2'],
  },
  {
    package: 'nvidia-cuda-cupti-cu12',
    version: '12.5.82',
    platformTag: 'manylinux2014_x86_64',
    sizeBytes: 13_811_507,
    sha256: 'bde77a5feb66752ec61db2adfe47f56b941842825b4c7e2068aff27c9d107953',
    files: ['nvidia/cuda_cupti/lib/libcupti.so.12'],
  },
  {
    package: 'nvidia-cuda-nvcc-cu12',
    version: '12.5.82',
    platformTag: 'manylinux2014_x86_64',
    sizeBytes: 22_468_537,
    sha256: 'b03e545b8e8c3ce7ebcd7fc44063180ff52ff01d064ece2127ed90a04ef12cd0',
    files: ['nvidia/cuda_nvcc/bin/ptxas', 'nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc'],
  },
];

/**
 * Distributions by `process.platform`-`process.arch`, followed by `-gpu` for the GPU build.
 *
 * @type {Readonly<Record<string, Distribution>>}
 */
export const DISTRIBUTIONS = {
  'linux-x64': {
    wheels: [
      {
        package: 'tensorflow-cpu',
        version: TENSORFLOW_VERSION,
        platformTag: 'manylinux_2_27_x86_64',
        sizeBytes: 273_829_956,
        sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
        files: LINUX_LIBRARIES,
      },
    ],
    strip: true,
    workingMb: 1500,
    installedMb: 650,
  },
  'linux-x64-gpu': {
    wheels: [
      {
        package: 'tensorflow',
        version: TENSORFLOW_VERSION,
        platformTag: 'manylinux_2_27_x86_64',
        sizeBytes: 572_440_367,
        sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
        files: LINUX_LIBRARIES,
      },
      ...CUDA_WHEELS,
    ],
    strip: true,
    workingMb: 5000,
    installedMb: 3745,
  },
  'linux-arm64': {
    wheels: [
      {
        package: 'tensorflow',
        version: TENSORFLOW_VERSION,
        platformTag: 'manylinux_2_27_aarch64',
        sizeBytes: 281_828_020,
        sha256: '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
        files: LINUX_LIBRARIES,
      },
    ],
    strip: true,
    workingMb: 1550,
    installedMb: 680,
  },
  'darwin-arm64': {
    wheels: [
      {
        package: 'tensorflow',
        version: TENSORFLOW_VERSION,
        platformTag: 'macosx_12_0_arm64',
        sizeBytes: 223_405_849,
        sha256: '51f46f4806139d01fc7920cc72a4c75876f80649bf40ff083ab6212ceb43ca88',
        files: MACOS_LIBRARIES,
      },
    ],
    strip: false,
    workingMb: 1000,
    installedMb: 745,
  },
};
