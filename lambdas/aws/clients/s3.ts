import { S3Client } from '@aws-sdk/client-s3';
import { patience, type Place } from './patience.ts';

/** Bodies of some megabytes; one that is read may rest while its reader is busy elsewhere, as in a merge of many. */
const bulky = patience(60_000, 300_000);

/** Checksums only where S3 demands them: the protocol carries SHA-256 of its own in every row and manifest. */
export const s3Client = (place: Place = {}): S3Client =>
  new S3Client({
    ...bulky,
    ...place,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
