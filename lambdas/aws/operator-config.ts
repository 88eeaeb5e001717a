/** The operator's document from AppConfig's data API: one session per sandbox, opened when it is first needed. */
import {
  BadRequestException,
  GetLatestConfigurationCommand,
  StartConfigurationSessionCommand,
  type AppConfigDataClient,
} from '@aws-sdk/client-appconfigdata';
import type { OperatorConfig } from '#core/switches.ts';
import { call } from './call.ts';

/** The shortest that AppConfig takes; the board asks more seldom. */
const POLL_SECONDS = 15;

export class AppConfigOperator implements OperatorConfig {
  readonly #client: AppConfigDataClient;
  readonly #names: { application: string; environment: string; profile: string };
  #token: string | undefined;

  /** @param names `application/environment/profile`. */
  constructor(client: AppConfigDataClient, names: string) {
    const [application = '', environment = '', profile = ''] = names.split('/');
    this.#client = client;
    this.#names = { application, environment, profile };
  }

  get isOpen(): boolean {
    return this.#token !== undefined;
  }

  async latest(): Promise<string | undefined> {
    this.#token ??= await this.#open();
    // A token is good for one call and one day: after a failure the next call opens a new session.
    const ConfigurationToken = this.#token;
    this.#token = undefined;
    const answer = await call('AppConfig GetLatestConfiguration', () =>
      this.#client.send(new GetLatestConfigurationCommand({ ConfigurationToken })),
    );
    this.#token = answer.NextPollConfigurationToken;
    const { Configuration: document } = answer;
    // Empty when it has not changed since the last call.
    // (The SDK's types know no null here; an empty payload comes as one.)
    const bytes = (document as Uint8Array | null | undefined) ?? new Uint8Array();
    return bytes.length === 0 ? undefined : new TextDecoder().decode(bytes);
  }

  async #open(): Promise<string> {
    const { application, environment, profile } = this.#names;
    const answer = await call('AppConfig StartConfigurationSession', () =>
      this.#client.send(
        new StartConfigurationSessionCommand({
          ApplicationIdentifier: application,
          EnvironmentIdentifier: environment,
          ConfigurationProfileIdentifier: profile,
          RequiredMinimumPollIntervalInSeconds: POLL_SECONDS,
        }),
      ),
    );
    if (answer.InitialConfigurationToken === undefined) throw new BadRequestException({ message: 'an answer without a token', $metadata: {} }); // prettier-ignore
    return answer.InitialConfigurationToken;
  }
}
