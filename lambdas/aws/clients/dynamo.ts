import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { quick, type Place } from './patience.ts';

export const dynamoClient = (place: Place = {}): DynamoDBClient => new DynamoDBClient({ ...quick, ...place });
