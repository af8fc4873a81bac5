// Reading a vendor's answer: leniently, since much of what answers is not the vendor but something in front of it.
import type { HttpResponse } from './http.ts';

/** The JSON object that an answer holds; undefined when it holds none, or more than the transport keeps of an answer. */
export function jsonAnswer(response: HttpResponse): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(response.body));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    // A page, a cut answer, or nothing at all: the status has to say it.
    return undefined;
  }
}
