/** A self-signed certificate for the https origin, written in DER by hand so that no tool and no package is needed. */
import { generateKeyPairSync, sign } from 'node:crypto';

export interface Certificate {
  /** PEM. */
  key: string;
  cert: string;
}

const ECDSA_SHA256 = tlv(0x30, oid('2a8648ce3d040302'));

/** For 127.0.0.1 unless `ip` says otherwise; valid from `from` for a day (UTC milliseconds). */
export function selfSigned(options: { ip?: number[]; from: number }): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = tlv(0x30, tlv(0x31, tlv(0x30, oid('550403'), tlv(0x0c, Buffer.from('gleaner test')))));
  const address = tlv(0x87, Buffer.from(options.ip ?? [127, 0, 0, 1]));
  const extensions = tlv(
    0xa3,
    tlv(
      0x30,
      tlv(0x30, oid('551d11'), tlv(0x04, tlv(0x30, address))),
      tlv(0x30, oid('551d13'), tlv(0x01, Buffer.from([0xff])), tlv(0x04, tlv(0x30, tlv(0x01, Buffer.from([0xff]))))),
    ),
  );
  const body = tlv(
    0x30,
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, Buffer.from([1])),
    ECDSA_SHA256,
    name,
    tlv(0x30, time(options.from), time(options.from + 24 * 3600 * 1000)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    extensions,
  );
  const signature = tlv(0x03, Buffer.from([0]), sign('sha256', body, privateKey));
  const der = tlv(0x30, body, ECDSA_SHA256, signature).toString('base64');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${der.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
  };
}

/** Tag, length, value. */
function tlv(tag: number, ...parts: Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const length = value.length < 128 ? [value.length] : [0x82, value.length >> 8, value.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), value]);
}

function oid(hex: string): Buffer {
  return tlv(0x06, Buffer.from(hex, 'hex'));
}

/** GeneralizedTime. */
function time(ms: number): Buffer {
  const digits = new Date(ms)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  return tlv(0x18, Buffer.from(digits));
}
