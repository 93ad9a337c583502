import { homedir } from 'node:os';
import path from 'node:path';

/** Returns the folder for downloads that all checkouts of the user share. */
export function cacheFolder() {
  const { COUNTERWEIGHT_CACHE: own, XDG_CACHE_HOME: xdg } = process.env;
  if (own) return path.resolve(own);
  if (xdg) return path.join(xdg, 'counterweight');
  const caches = process.platform === 'darwin' ? 'Library/Caches' : '.cache';
  return path.join(homedir(), caches, 'counterweight');
}
