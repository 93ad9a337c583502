/**
 * The platforms that Counterweight runs on, and the Python wheel of TensorFlow whose C library each
 * of them uses. A wheel is taken only when its size and SHA-256 are the ones written here.
 */

export const TENSORFLOW_VERSION = '2.21.0';

/**
 * @typedef {object} Wheel
 * @property {string} package The name of the Python package.
 * @property {string} platformTag The platform tag that pip downloads it for.
 * @property {number} sizeBytes
 * @property {string} sha256 In hexadecimal.
 * @property {string[]} libraries Their names inside the wheel's `tensorflow/` folder.
 * @property {boolean} strip Whether the libraries can lose their local symbols: on macOS that would
 *   break their signature.
 * @property {number} workingMb What set-up needs on disk while it works, in megabytes.
 * @property {number} installedMb What stays on disk, in megabytes.
 */

const LINUX_LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
const MACOS_LIBRARIES = ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib'];

/** Keyed by `process.platform`-`process.arch`. @type {Readonly<Record<string, Wheel>>} */
export const WHEELS = {
  'linux-x64': {
    package: 'tensorflow-cpu',
    platformTag: 'manylinux_2_27_x86_64',
    sizeBytes: 273_829_956,
    sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
    libraries: LINUX_LIBRARIES,
    strip: true,
    workingMb: 1500,
    installedMb: 650,
  },
  'linux-arm64': {
    package: 'tensorflow',
    platformTag: 'manylinux_2_27_aarch64',
    sizeBytes: 281_828_020,
    sha256: '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
    libraries: LINUX_LIBRARIES,
    strip: true,
    workingMb: 1550,
    installedMb: 680,
  },
  'darwin-arm64': {
    package: 'tensorflow',
    platformTag: 'macosx_12_0_arm64',
    sizeBytes: 223_405_849,
    sha256: '51f46f4806139d01fc7920cc72a4c75876f80649bf40ff083ab6212ceb43ca88',
    libraries: MACOS_LIBRARIES,
    strip: false,
    workingMb: 1000,
    installedMb: 745,
  },
};
