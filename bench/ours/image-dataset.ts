import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';

const config = `
task: { type: image-classification, classes: classes.json, size: [32, 32] }
data: { format: images, shardMiB: 2 }
teacher: { train: { architecture: convnet, width: 8, depth: 2, epochs: 1 }, calibrate: false }
student: { architecture: mlp }
`;

/** Writes a dataset of dark and light images: 20 of each with a label, and some without. */
export async function writeImageDataset(folder: string, unlabeled: number): Promise<void> {
  const colours = { dark: '#222', light: '#ddd' };
  for (const [name, background] of Object.entries(colours)) {
    const image = sharp({ create: { width: 32, height: 32, channels: 3, background } }).jpeg();
    const write = async (images: string, count: number) => {
      await mkdir(images, { recursive: true });
      for (let number = 0; number < count; number++) {
        await image.toFile(join(images, `${name}-${number}.jpg`));
      }
    };
    await write(join(folder, 'labeled', name), 20);
    if (unlabeled > 0) await write(join(folder, 'unlabeled'), unlabeled / 2);
  }
  await writeFile(join(folder, 'classes.json'), JSON.stringify(Object.keys(colours)));
  await writeFile(join(folder, 'distill.yaml'), config);
}
