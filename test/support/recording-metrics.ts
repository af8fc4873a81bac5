// IntakeMetrics as lists of what was reported.
import type { IntakeMetrics } from '../../internal/sdk/metrics.ts';

export type FinishedRequest = Parameters<IntakeMetrics['requestFinished']>[0];

export class RecordingIntakeMetrics implements IntakeMetrics {
  readonly started: string[] = [];
  readonly finished: FinishedRequest[] = [];
  /** `dialect outcome` */
  readonly answers: string[] = [];
  /** `dialect verdict reason` */
  readonly verdicts: string[] = [];

  requestStarted(path: string): void {
    this.started.push(path);
  }

  requestFinished(request: FinishedRequest): void {
    this.finished.push(request);
  }

  answered(dialect: string, outcome: string): void {
    this.answers.push(`${dialect} ${outcome}`);
  }

  decided(dialect: string, verdict: string, reason: string): void {
    this.verdicts.push(`${dialect} ${verdict} ${reason}`.trim());
  }
}
