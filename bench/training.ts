import { z } from 'zod';
import type { Bench, BenchContext } from './bench.ts';
import { median, type Row } from './row.ts';

/** Program that trains a student: FOLDER STUDENT EPOCHS [OPTION ...]. */
interface Trainer {
  readonly name: string;
  readonly program: string;
  readonly by: 'node' | 'python';
  readonly options?: readonly string[];
}

const ours: Trainer = { name: 'ours', program: 'train', by: 'node' };
const stock: Trainer = { name: 'stock tfjs-node', program: 'stock-train', by: 'node' };
const keras = { name: 'Keras', program: 'keras_train', by: 'python' } as const;
const torch = { name: 'PyTorch', program: 'torch_train', by: 'python' } as const;

/** Peers by default and with expert settings: which is fastest, differs. */
const kerases: readonly Trainer[] = [
  keras,
  { ...keras, name: 'Keras, ten steps a call', options: ['ten-steps'] },
  { ...keras, name: 'Keras, XLA', options: ['jit'] },
];
const torches: readonly Trainer[] = [
  torch,
  { ...torch, name: 'PyTorch, Inductor', options: ['compile'] },
];
/** Channels last are not the fastest for depthwise convolutions. */
const photoTorches: readonly Trainer[] = [
  ...torches,
  { ...torch, name: 'PyTorch, channels first', options: ['contiguous'] },
];

/** Measured seconds per epoch, by trainer. */
type Times = Readonly<Record<string, readonly number[]>>;

/**
 * Compares our trainer with its peers on the same floats: the same network, batch size, optimizer
 * and weighted loss.
 */
export const training: Bench = async (context) => {
  const { data, scratch, python, node, say } = context;
  await python('training_data', [data, scratch], z.object({}));

  say('convnet: conv 32, batch norm, pool, conv 64, pool, dense; 7,000 images of CIFAR-10');
  const convnet = await race(context, 'convnet', 3, [ours, ...kerases, ...torches, stock]);
  const { rates } = await node('matmul', [], z.object({ rates: z.array(z.number()) }));
  const arithmetic: Times = { arithmetic: rates.map((rate) => convnetOperations / rate) };

  say('resnet20; 7,000 images of CIFAR-10');
  const resnet20 = await race(context, 'resnet20', 2, [ours, ...kerases.slice(0, 2), torch]);

  say('efficientnet-lite0; 320 images of CIFAR-10, enlarged to 96 pixels');
  const lite0 = await race(context, 'efficientnet-lite0', 2, [ours, ...photoTorches]);

  say('mlp: two layers of 128; 32,561 rows of Adult');
  const mlp = await race(context, 'mlp', 10, [ours, ...kerases, torch]);

  const onImages = 'batch 128, CIFAR-10 from memory, weights, Adam: an epoch';
  const ofConvnet = `training, convnet, ${onImages}`;
  const ofResnet = `training, resnet20, ${onImages}`;
  const ofLite0 =
    'fine-tuning, efficientnet-lite0, batch 32, CIFAR-10 at 96 pixels from memory, weights, Adam: an epoch';
  const ofMlp = 'training, mlp, batch 256, Adult from memory, weights, Adam: an epoch';
  return [
    row(ofConvnet, convnet, 'Keras 3', kerases, 0.5),
    row(ofConvnet, convnet, 'PyTorch, channels last', torches, 0.8),
    row(ofConvnet, { ...convnet, ...arithmetic }, 'its arithmetic', [{ name: 'arithmetic' }], 1.25),
    row(ofConvnet, convnet, 'stock eager tfjs-node', [stock], 0.28),
    row(ofResnet, resnet20, 'Keras 3', kerases, 0.6),
    row(ofResnet, resnet20, 'PyTorch, channels last', torches, 0.9),
    row(ofLite0, lite0, 'PyTorch', photoTorches, 1),
    row(ofMlp, mlp, 'Keras 3', kerases, 0.4),
  ];
};

/**
 * Multiplications and additions of an epoch of the convnet. The backward pass of a layer takes
 * twice as many as its forward pass; that of the first layer half of it, without the image's
 * gradient.
 */
const convnetOperations =
  7_000 * 2 * (2 * 32 ** 2 * (3 ** 2 * 3) * 32 + 3 * 16 ** 2 * (3 ** 2 * 32) * 64 + 3 * 4096 * 10);

/** Trainers take turns, twice, so that a machine that slows down slows all of them. */
async function race(
  context: BenchContext,
  student: string,
  epochs: number,
  trainers: readonly Trainer[],
): Promise<Times> {
  const times: Record<string, number[]> = {};
  for (const turn of [1, 2]) {
    for (const { name, program, by, options = [] } of trainers) {
      // The first epoch, which includes preparations, is not counted.
      const args = [context.scratch, student, String(epochs + 1), ...options];
      const { seconds, loss } = await context[by](program, args, trained);
      context.say(`${turn}: ${name}: ${median(seconds).toFixed(3)} s, loss ${loss.toFixed(3)}`);
      times[name] = [...(times[name] ?? []), ...seconds];
    }
  }
  return times;
}

const trained = z.object({ seconds: z.array(z.number()).min(1), loss: z.number() });

/** Compares ours with the fastest of the given peers. */
function row(
  what: string,
  times: Times,
  against: string,
  peers: readonly { readonly name: string }[],
  atMost: number,
): Row {
  const medians = peers.flatMap(({ name }) => (times[name] ? [median(times[name])] : []));
  const theirs = Math.min(...medians);
  return { what, against, ours: median(times.ours!), theirs, unit: 's', atMost, figures: times };
}
