import { BlockList } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressAllowed, isPublicAddress } from '#http/guard.ts';
import { isLoopback, sameAddress } from '#http/address.ts';

describe('isPublicAddress', () => {
  it.each([
    '8.8.8.8',
    '93.184.216.34',
    '172.15.255.255',
    '172.32.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '2606:4700::1111',
    '2a00:1450:4001:80b::200e',
    '[2606:4700::1111]',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
  ])('%s is public', (ip) => {
    expect(isPublicAddress(ip)).toBe(true);
  });

  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '169.254.170.2',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.8',
    '192.168.1.1',
    '198.18.0.1',
    '198.19.255.255',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1',
    '::8.8.8.8',
    '::ffff:08.8.8.8',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:a9fe:a9fe',
    '64:ff9b::7f00:1',
    '64:ff9b::10.0.0.1',
    '64:ff9b:1::1',
    '2002:7f00:1::',
    '2002:808:808::1',
    '2001::1',
    '2001:0:4136:e378:8000:63bf:3fff:fdd2',
    '2001:db8::1',
    '3fff::1',
    '100::1',
    '5f00::1',
    '',
    'localhost',
    '0x7f.1',
    '2130706433',
    '0177.0.0.1',
    '127.1',
    '1.2.3.4.5',
  ])('%s is not', (ip) => {
    expect(isPublicAddress(ip)).toBe(false);
  });

  it('judges a mapped address as the IPv4 address it carries', () => {
    const octet = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(fc.tuple(octet, octet, octet, octet), (octets) => {
        const [a, b, c, d] = octets;
        const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
        const plain = isPublicAddress(octets.join('.'));
        expect(isPublicAddress(`::ffff:${hex}`)).toBe(plain);
        expect(isPublicAddress(`64:ff9b::${hex}`)).toBe(plain);
      }),
    );
  });
});

describe('addressAllowed', () => {
  it.each<[string, string[], boolean]>([
    ['127.0.0.1', [], false],
    ['127.0.0.1', ['127.0.0.0/8'], true],
    ['127.0.0.1', ['127.0.0.1'], true],
    ['127.0.0.2', ['127.0.0.1/32'], false],
    ['::ffff:127.0.0.1', ['127.0.0.0/8'], true],
    ['10.0.0.1', ['127.0.0.0/8', '10.0.0.0/24'], true],
    ['10.0.1.1', ['10.0.0.0/24'], false],
    ['fd00::1', ['fd00::/8'], true],
    ['fd00::1', ['0.0.0.0/0'], false],
    ['127.0.0.1', ['nonsense', '127.0.0.0/99'], false],
    ['8.8.8.8', [], true],
    ['not an address', ['0.0.0.0/0', '::/0'], false],
  ])('%s with %j: %s', (ip, cidrs, allowed) => {
    expect(addressAllowed(ip, cidrs)).toBe(allowed);
  });
});

it('finds IPv6 addresses in ranges as Node does, in every spelling', () => {
  // Of fd00::/8, whose addresses are refused but for the range: what is compared is the range.
  const groups = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
    minLength: 7,
    maxLength: 7,
  });
  const spelled = groups.map((rest) => `fd00:${rest.map((group) => group.toString(16)).join(':')}`);
  const short = spelled.map((ip) => new URL(`http://[${ip}]`).hostname.slice(1, -1));
  const dotted = short.map((ip) =>
    ip.replace(/:([0-9a-f]+):([0-9a-f]+)$/, (_, high: string, low: string) => `:${v4Of(high, low)}`),
  );
  const address = fc.oneof(spelled, short, dotted);
  fc.assert(
    fc.property(address, address, fc.integer({ min: 0, max: 128 }), (ip, network, bits) => {
      const list = new BlockList();
      list.addSubnet(network, bits, 'ipv6');
      expect(addressAllowed(ip, [`${network}/${String(bits)}`])).toBe(list.check(ip, 'ipv6'));
      expect(addressAllowed(network, [`${network}/${String(bits)}`])).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

const v4Of = (high: string, low: string): string =>
  [parseInt(high, 16), parseInt(low, 16)].flatMap((group) => [group >> 8, group & 255]).join('.');

it('knows loopback and equal addresses in every spelling', () => {
  for (const ip of ['127.0.0.1', '127.9.9.9', '::1', '0.0.0.0', '::', '::ffff:127.0.0.1'])
    expect(isLoopback(ip)).toBe(true);
  for (const ip of ['128.0.0.1', '::2', 'localhost']) expect(isLoopback(ip)).toBe(false);
  expect(sameAddress('169.254.1.1', '::ffff:a9fe:101')).toBe(true);
  expect(sameAddress('169.254.1.1', '169.254.1.2')).toBe(false);
  expect(sameAddress('fe80::1%eth0', 'FE80:0::0.0.0.1')).toBe(true);
});
