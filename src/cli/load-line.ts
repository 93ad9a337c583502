import { pathToFileURL } from 'node:url';

/** Returns the line of JavaScript that loads a student. */
export function loadLine(folder: string, isNetwork: boolean): string {
  if (!isNetwork) return `  await loadStudent('${folder}')`;
  const location = folder.startsWith('<')
    ? `file://${folder}/model.json`
    : pathToFileURL(`${folder}/model.json`).href;
  return `  await tf.loadLayersModel('${location}')`;
}
