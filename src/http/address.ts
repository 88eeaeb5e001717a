/**
 * Which addresses a request may go to. Everything that is not plainly public is refused, because next to a Lambda
 * handler the runtime API, metadata and agents listen on loopback and link-local addresses.
 */
import { isIP, isIPv4 } from 'node:net';

/** Its bytes: 4 or 16. */
type Address = readonly number[];
type Range = [Address, number];

/** IANA special-purpose registry (RFC 6890 and updates), plus multicast, 6to4 relays and class E. */
const REFUSED_V4 = ranges([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]);

/** Only global unicast space (2000::/3) is public at all; these parts of it are not: Teredo and kin, documentation, 6to4. */
const GLOBAL_V6 = ranges(['2000::/3']);
const REFUSED_V6 = ranges(['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']);

/** NAT64 by its well-known prefix carries a public IPv4 address in its last 32 bits. */
const NAT64 = ranges(['64:ff9b::/96']);
const MAPPED = ranges(['::ffff:0:0/96']);

const LOOPBACK = ranges(['127.0.0.0/8', '::1/128', '0.0.0.0/8', '::/128']);

/** True for an address literal of the public Internet; false for all others and for what is not an address. */
export function isPublicAddress(ip: string): boolean {
  const address = parseAddress(ip);
  if (address === undefined) return false;
  if (address.length === 4) return !within(address, REFUSED_V4);
  return within(address, GLOBAL_V6) && !within(address, REFUSED_V6);
}

/** Public, or inside one of the CIDR ranges a tenant was granted. Ranges that cannot be parsed allow nothing. */
export function addressAllowed(ip: string, allowCidrs: readonly string[]): boolean {
  if (isPublicAddress(ip)) return true;
  if (allowCidrs.length === 0) return false;
  const address = parseAddress(ip);
  return address !== undefined && within(address, ranges(allowCidrs));
}

/** This machine itself, by any of its loopback or unspecified names. */
export function isLoopback(ip: string): boolean {
  const address = parseAddress(ip);
  return address !== undefined && within(address, LOOPBACK);
}

/** Two spellings of one address, an IPv4-mapped or NAT64 form and its IPv4 address included. */
export function sameAddress(a: string, b: string): boolean {
  const [left, right] = [parseAddress(a), parseAddress(b)];
  return left !== undefined && right !== undefined && left.join() === right.join();
}

/** IPv4-mapped and NAT64 addresses become the IPv4 address they lead to, so that no spelling escapes a range. */
function parseAddress(ip: string): Address | undefined {
  const literal = ip.startsWith('[') && ip.endsWith(']') ? ip.slice(1, -1) : ip;
  const address = bytesOf(literal);
  return address !== undefined && (within(address, MAPPED) || within(address, NAT64)) ? address.slice(12) : address;
}

/** As it is written; undefined when it is no address. A zone (`%eth0`) says nothing about where one is. */
function bytesOf(literal: string): Address | undefined {
  if (isIPv4(literal)) return literal.split('.').map(Number);
  if (isIP(literal) === 0) return undefined;
  const plain = literal.replace(/%.*$/, '').replace(/[\d.]+\.\d+$/, (v4) => hexOf(v4.split('.').map(Number)));
  const [head = [], tail] = plain.split('::').map((side) => (side === '' ? [] : side.split(':')));
  const zeros = tail === undefined ? [] : Array<string>(8 - head.length - tail.length).fill('0');
  return [...head, ...zeros, ...(tail ?? [])].flatMap((group) => {
    const value = parseInt(group, 16);
    return [value >> 8, value & 255];
  });
}

const hexOf = ([a = 0, b = 0, c = 0, d = 0]: Address): string =>
  `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;

function within(address: Address, list: readonly Range[]): boolean {
  return list.some(([network, bits]) => address.length === network.length && startsAlike(address, network, bits));
}

function startsAlike(address: Address, network: Address, bits: number): boolean {
  const whole = bits >> 3;
  const mask = 0xff00 >> (bits & 7);
  return network.every((byte, at) => at > whole || ((byte ^ (address[at] ?? 0)) & (at < whole ? 255 : mask)) === 0);
}

function ranges(cidrs: readonly string[]): Range[] {
  return cidrs.flatMap((cidr): Range[] => {
    const [, literal = '', bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(cidr.trim()) ?? [];
    const network = bytesOf(literal);
    if (network === undefined) return [];
    const all = network.length * 8;
    const wanted = bits === undefined ? all : Number(bits);
    return wanted > all ? [] : [[network, wanted]];
  });
}
