import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

/**
 * Whether a request is for us by its `Host`, as browsers send it: an address in numbers, `localhost`, or the name that we
 * serve at. Any other name may be one that a foreign page has made to point to us (DNS rebinding), to read what we answer.
 */
export function isOwnHost(header: string | undefined, host: string): boolean {
  const [, inBrackets, plain] = /^(?:\[([^\]]+)\]|([^:[\]@/]+))(?::\d+)?$/.exec(header ?? '') ?? [];
  const name = (inBrackets ?? plain ?? '').toLowerCase();
  return isIP(name) !== 0 || name === 'localhost' || (name !== '' && name === host.toLowerCase());
}

/** Where a server can be reached that listens at a host: of one that listens everywhere, each address of the machine. */
export function originsOf(host: string, port: number): readonly string[] {
  const hosts = isIP(host) !== 0 && /^[0:.]+$/.test(host) ? ownAddresses(isIP(host)) : [host];
  return hosts.map((each) => `http://${isIP(each) === 6 ? `[${each}]` : each}:${port}`);
}

const ownAddresses = (version: number): readonly string[] =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(
      ({ internal, family, address }) => !internal && !/^fe80:/i.test(address) && (version === 6 || family === 'IPv4'),
    )
    .map(({ address }) => address);
