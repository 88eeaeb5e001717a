import { AppConfigDataClient } from '@aws-sdk/client-appconfigdata';
import { patience, type Place } from './patience.ts';

/** What it tells can wait: nobody who asks for something else may. */
export const appConfigClient = (place: Place = {}): AppConfigDataClient =>
  new AppConfigDataClient({ ...patience(2_000, 2_000), maxAttempts: 2, ...place });
