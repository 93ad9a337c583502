/** Setup file of the unit tests: starting a process throws. */
import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';

function refuse(program: string): never {
  throw new Error(`A unit test does not start ${program}: name the file *.process.test.ts`);
}

const names = ['exec', 'execFile', 'execFileSync', 'execSync', 'fork', 'spawn', 'spawnSync'];
Object.assign(childProcess, Object.fromEntries(names.map((name) => [name, refuse])));
syncBuiltinESMExports();
