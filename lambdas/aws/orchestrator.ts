/** The `Orchestrator` port on Step Functions. An execution is named after run and attempt, so starting twice is one start. */
import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  InvalidToken,
  SendTaskSuccessCommand,
  StartExecutionCommand,
  TaskDoesNotExist,
  TaskTimedOut,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import type { JsonObject } from '#core/json.ts';
import type { Orchestrator } from '#core/ports.ts';
import type { MachineInput } from '../contract.ts';
import { call } from './call.ts';

export class StepFunctionsOrchestrator implements Orchestrator {
  readonly #client: SFNClient;
  readonly #machineArn: string;

  constructor(client: SFNClient, machineArn: string) {
    this.#client = client;
    this.#machineArn = machineArn;
  }

  async start(tenant: string, runId: string, attempt: number): Promise<void> {
    const input: MachineInput = { tenant, runId, attempt };
    const name = executionName(runId, attempt);
    await call<unknown>(
      `Step Functions StartExecution, execution ${name}`,
      () =>
        this.#client.send(
          new StartExecutionCommand({ stateMachineArn: this.#machineArn, name, input: JSON.stringify(input) }),
        ),
      (error) => (error instanceof ExecutionAlreadyExists ? 'started before' : undefined),
    );
  }

  async wake(token: string, output: JsonObject): Promise<'woken' | 'gone'> {
    return call<'woken' | 'gone'>(
      'Step Functions SendTaskSuccess',
      async () => {
        await this.#client.send(new SendTaskSuccessCommand({ taskToken: token, output: JSON.stringify(output) }));
        return 'woken';
      },
      (error) =>
        error instanceof TaskTimedOut || error instanceof TaskDoesNotExist || error instanceof InvalidToken
          ? 'gone'
          : undefined,
    );
  }

  async status(_tenant: string, runId: string, attempt: number): Promise<'running' | 'ended' | 'none'> {
    const name = executionName(runId, attempt);
    const executionArn = `${this.#machineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    return call<'running' | 'ended' | 'none'>(
      `Step Functions DescribeExecution, execution ${name}`,
      async () => {
        const { status } = await this.#client.send(new DescribeExecutionCommand({ executionArn }));
        if (status === undefined) throw new Error('an answer without a status');
        return status === 'RUNNING' || status === 'PENDING_REDRIVE' ? 'running' : 'ended';
      },
      (error) => (error instanceof ExecutionDoesNotExist ? 'none' : undefined),
    );
  }
}

const executionName = (runId: string, attempt: number): string => `${runId}-${String(attempt)}`;
