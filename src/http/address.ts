/**
 * Which addresses a request may go to. Everything that is not plainly public is refused, because next to a Lambda
 * handler the runtime API, metadata and agents listen on loopback and link-local addresses.
 */
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
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

const LOOPBACK = ranges(['127.0.0.0/8', '::1/128', '0.0.0.0/8', '::/128']);

/** True for an address literal of the public Internet; false for all others and for what is not an address. */
export function isPublicAddress(ip: string): boolean {
  const address = parseAddress(ip);
  if (address === undefined) return false;
  if (address.kind() === 'ipv4') return !within(address, REFUSED_V4);
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
  return left !== undefined && right !== undefined && left.toNormalizedString() === right.toNormalizedString();
}

/** IPv4-mapped and NAT64 addresses become the IPv4 address they lead to, so that no spelling escapes a range. */
function parseAddress(ip: string): Address | undefined {
  const literal = ip.startsWith('[') && ip.endsWith(']') ? ip.slice(1, -1) : ip;
  if (ipaddr.IPv4.isValidFourPartDecimal(literal)) return ipaddr.IPv4.parse(literal);
  if (!ipaddr.IPv6.isValid(literal)) return undefined;
  const v6 = ipaddr.IPv6.parse(literal);
  if (v6.isIPv4MappedAddress()) return v6.toIPv4Address();
  if (within(v6, NAT64)) return new ipaddr.IPv4(v6.toByteArray().slice(12));
  return v6;
}

function within(address: Address, list: readonly Range[]): boolean {
  return list.some(([network, bits]) => address.kind() === network.kind() && address.match(network, bits));
}

function ranges(cidrs: readonly string[]): Range[] {
  return cidrs.flatMap((cidr): Range[] => {
    const text = cidr.trim();
    if (ipaddr.isValidCIDR(text)) return [ipaddr.parseCIDR(text)];
    return ipaddr.isValid(text) ? [[ipaddr.parse(text), text.includes(':') ? 128 : 32]] : [];
  });
}
