import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { quick, type Place } from './patience.ts';

export const eventBridgeClient = (place: Place = {}): EventBridgeClient =>
  new EventBridgeClient({ ...quick, ...place });
