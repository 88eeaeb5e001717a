import { SQSClient } from '@aws-sdk/client-sqs';
import { quick, type Place } from './patience.ts';

export const sqsClient = (place: Place = {}): SQSClient => new SQSClient({ ...quick, ...place });
