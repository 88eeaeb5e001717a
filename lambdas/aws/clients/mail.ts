import { SESv2Client } from '@aws-sdk/client-sesv2';
import { quick, type Place } from './patience.ts';

export const mailClient = (place: Place = {}): SESv2Client => new SESv2Client({ ...quick, ...place });
