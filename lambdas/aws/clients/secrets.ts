import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { quick, type Place } from './patience.ts';

export const secretsClient = (place: Place = {}): SecretsManagerClient =>
  new SecretsManagerClient({ ...quick, ...place });
