import { SFNClient } from '@aws-sdk/client-sfn';
import { quick, type Place } from './patience.ts';

export const sfnClient = (place: Place = {}): SFNClient => new SFNClient({ ...quick, ...place });
