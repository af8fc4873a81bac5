// Every address of the admin API with what it takes and answers: the server serves this table and the OpenAPI file describes it.
import type { z } from 'zod';
import { DeliveryAnswer, DeliveryPage, EventAnswer, EventPage, ExplanationAnswer, FaultPage } from './answers.ts';
import { AheadAnswer, CancelStep, CheckAnswer, ProviderPage, ReplayStep, StatsAnswer, SubmittedAnswer, TargetPage } from './answers.ts';
import { CancelBody, DeliveryQuery, EventBody, EventQuery, NoQuery, ReplayBody } from './requests.ts';

export interface Endpoint {
  readonly method: 'get' | 'post';
  /** In express' notation. */
  readonly path: string;
  readonly summary: string;
  readonly query: z.ZodObject;
  /** null for those that only read. */
  readonly body: z.ZodType | null;
  readonly answer: z.ZodType;
}

export const ENDPOINTS = {
  listEvents: {
    method: 'get',
    path: '/api/v1/events',
    summary: 'Stored events, newest first.',
    query: EventQuery,
    body: null,
    answer: EventPage,
  },
  showEvent: {
    method: 'get',
    path: '/api/v1/events/:id',
    summary: 'One event with its deliveries.',
    query: NoQuery,
    body: null,
    answer: EventAnswer,
  },
  explainEvent: {
    method: 'get',
    path: '/api/v1/events/:id/explanation',
    summary: 'What every Route says of a stored event, then and now.',
    query: NoQuery,
    body: null,
    answer: ExplanationAnswer,
  },
  listDeliveries: {
    method: 'get',
    path: '/api/v1/deliveries',
    summary: 'Deliveries that match, with their attempts.',
    query: DeliveryQuery,
    body: null,
    answer: DeliveryPage,
  },
  replay: {
    method: 'post',
    path: '/api/v1/deliveries/replay',
    summary: 'Sends ended deliveries once more: some by their ids, or one page of all that match.',
    query: NoQuery,
    body: ReplayBody,
    answer: ReplayStep,
  },
  cancel: {
    method: 'post',
    path: '/api/v1/deliveries/cancel',
    summary: 'Stops deliveries that have not ended; what is being sent at that moment may still arrive.',
    query: NoQuery,
    body: CancelBody,
    answer: CancelStep,
  },
  showDelivery: {
    method: 'get',
    path: '/api/v1/deliveries/:id',
    summary: 'One delivery with its attempts and what people decided about it.',
    query: NoQuery,
    body: null,
    answer: DeliveryAnswer,
  },
  listTargets: {
    method: 'get',
    path: '/api/v1/targets',
    summary: 'What each Target owes, and whether it is paused.',
    query: NoQuery,
    body: null,
    answer: TargetPage,
  },
  showStats: {
    method: 'get',
    path: '/api/v1/stats',
    summary: 'Counts of the store.',
    query: NoQuery,
    body: null,
    answer: StatsAnswer,
  },
  listFaults: {
    method: 'get',
    path: '/api/v1/faults',
    summary: 'Faults of the configuration as it is now.',
    query: NoQuery,
    body: null,
    answer: FaultPage,
  },
  explainAhead: {
    method: 'post',
    path: '/api/v1/explanations',
    summary: 'What every Route says of an event that has not happened.',
    query: NoQuery,
    body: EventBody,
    answer: AheadAnswer,
  },
  sendTestEvent: {
    method: 'post',
    path: '/api/v1/test-events',
    summary: 'Takes an event as the event port does.',
    query: NoQuery,
    body: EventBody,
    answer: SubmittedAnswer,
  },
  listProviders: {
    method: 'get',
    path: '/api/v1/providers',
    summary: 'The Providers of the configuration as it is now.',
    query: NoQuery,
    body: null,
    answer: ProviderPage,
  },
  checkProvider: {
    method: 'post',
    path: '/api/v1/providers/:namespace/:name/check',
    summary: 'Reaches a Provider and tries its credentials without posting a message.',
    query: NoQuery,
    body: null,
    answer: CheckAnswer,
  },
} as const satisfies Readonly<Record<string, Endpoint>>;
