/** The `EventBus` port on EventBridge: the CloudEvent whole as the detail, its type as the detail type. */
import { PutEventsCommand, type EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { CloudEvent } from '#core/alerts/notice.ts';
import type { EventBus } from '#core/ports.ts';
import { EVENT_SOURCE } from '../contract.ts';
import { call, CallFailed } from './call.ts';

export class EventBridgeBus implements EventBus {
  readonly #client: EventBridgeClient;
  readonly #name: string;

  constructor(client: EventBridgeClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  async put(event: CloudEvent): Promise<void> {
    const what = `EventBridge PutEvents, bus ${this.#name}`;
    const entry = {
      EventBusName: this.#name,
      Source: EVENT_SOURCE,
      DetailType: event.type,
      Detail: JSON.stringify(event),
      Time: new Date(event.time),
    };
    const { Entries = [] } = await call(what, () => this.#client.send(new PutEventsCommand({ Entries: [entry] })));
    const [answer] = Entries;
    // An entry may be refused in an answer that is a success.
    if (answer?.EventId === undefined)
      throw new CallFailed(`${what}: refused: ${answer?.ErrorCode ?? 'no reason given'} ${answer?.ErrorMessage ?? ''}`);
  }
}
