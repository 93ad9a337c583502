/** Programs in a namespace of networks of their own, in which the kernel counts what they send. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Hides what answers for names without a packet: the services of the machine, and its own list.
 * Processes that outlive the program are counted, too.
 */
const script = `set -e
  out=$1; shift
  ip link set lo up
  mount -t tmpfs tmpfs /run
  mount --bind /dev/null /etc/hosts
  [ ! -e /etc/nsswitch.conf ] || mount --bind /dev/null /etc/nsswitch.conf
  status=0; "$@" || status=$?
  until set -- /proc/[0-9]*; [ $# -eq 1 ]; do sleep 0.1; done
  cat /proc/net/snmp /proc/net/snmp6 >"$out"
  exit $status`;

export interface CountedRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Packets sent and packets without a way, of IPv4 and IPv6, by the kernel's name. */
  readonly packets: Readonly<Record<string, number>>;
}

/**
 * Runs a program and its processes. A name that is looked up, or a connection, is a packet.
 * @throws Error if the system does not allow it, or lacks a program: `unshare`, `mount` or `ip`.
 */
export function runCounted(command: readonly string[], env = process.env): CountedRun {
  const folder = mkdtempSync(join(tmpdir(), 'counterweight-counted-'));
  const out = join(folder, 'counters');
  const [program, ...rest] = [
    ...['unshare', '--user', '--map-root-user', '--net', '--mount', '--pid', '--fork'],
    ...['--mount-proc', 'sh', '-c', script, 'sh', out, ...command],
  ];
  try {
    const { error, status, stdout, stderr } = spawnSync(program!, rest, { env, encoding: 'utf8' });
    if (!existsSync(out)) throw new Error(error?.message ?? stderr);
    return { status, stdout, stderr, packets: countersIn(readFileSync(out, 'utf8')) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Returns why this machine cannot count; undefined if it can. */
export function whyNotCounted(): string | undefined {
  try {
    runCounted(['true']);
    return undefined;
  } catch (error) {
    return `packets cannot be counted: ${(error as Error).message.trim()}`;
  }
}

/** Reads the counters of the kernel: pairs of lines for IPv4, a line each for IPv6. */
function countersIn(text: string): Record<string, number> {
  const lines = text.split('\n');
  const [names, values] = lines.filter((line) => line.startsWith('Ip: '));
  const four = names!.split(' ').map((name, index) => [`Ip${name}`, values!.split(' ')[index]]);
  const six = lines.filter((line) => line.startsWith('Ip6')).map((line) => line.split(/\s+/));
  const wanted = ['IpOutRequests', 'IpOutNoRoutes', 'Ip6OutRequests', 'Ip6OutNoRoutes'];
  const all = new Map([...four, ...six].map(([name, value]) => [name!, Number(value)]));
  return Object.fromEntries(wanted.map((name) => [name, all.get(name)!]));
}
