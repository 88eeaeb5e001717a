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

export class StepFunctionsOrchestrator implements Orchestrator {
  readonly #client: SFNClient;
  readonly #machineArn: string;

  constructor(client: SFNClient, machineArn: string) {
    this.#client = client;
    this.#machineArn = machineArn;
  }

  async start(tenant: string, runId: string, attempt: number): Promise<void> {
    const input: MachineInput = { tenant, runId, attempt };
    try {
      await this.#client.send(
        new StartExecutionCommand({
          stateMachineArn: this.#machineArn,
          name: executionName(runId, attempt),
          input: JSON.stringify(input),
        }),
      );
    } catch (error) {
      if (!(error instanceof ExecutionAlreadyExists)) throw error;
    }
  }

  async wake(token: string, output: JsonObject): Promise<'woken' | 'gone'> {
    try {
      await this.#client.send(new SendTaskSuccessCommand({ taskToken: token, output: JSON.stringify(output) }));
      return 'woken';
    } catch (error) {
      if (error instanceof TaskTimedOut || error instanceof TaskDoesNotExist || error instanceof InvalidToken)
        return 'gone';
      throw error;
    }
  }

  async status(_tenant: string, runId: string, attempt: number): Promise<'running' | 'ended' | 'none'> {
    const executionArn = `${this.#machineArn.replace(':stateMachine:', ':execution:')}:${executionName(runId, attempt)}`;
    try {
      const { status } = await this.#client.send(new DescribeExecutionCommand({ executionArn }));
      return status === 'RUNNING' || status === 'PENDING_REDRIVE' ? 'running' : 'ended';
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist) return 'none';
      throw error;
    }
  }
}

const executionName = (runId: string, attempt: number): string => `${runId}-${String(attempt)}`;
