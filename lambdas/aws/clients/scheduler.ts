import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { quick, type Place } from './patience.ts';

export const schedulerClient = (place: Place = {}): SchedulerClient => new SchedulerClient({ ...quick, ...place });
