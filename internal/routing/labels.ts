// matchLabels: the labels of the object that the event is about, as far as anybody knows them.
import type { Inspection, Objection } from './checks.ts';
import type { LabelSource, Selector } from './route.ts';
import { quoted, subjectName } from './words.ts';

const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const LABEL_NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_PREFIX = /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

type Found = ReturnType<LabelSource['lookup']>;

/** Passes with the first selector that asks for no labels or for labels that the object has. */
export function matchLabels(inspection: Inspection): Objection {
  let found: Found | undefined;
  let detail = '';
  for (const selector of inspection.selectors) {
    if (selector.matchLabels === null) return undefined;
    found ??= lookup(inspection);
    if (found.state === 'labels') {
      const difference = compare(inspection, selector, selector.matchLabels, found.labels);
      if (difference === undefined) return undefined;
      detail ||= difference;
    } else if (found.state === 'missing') {
      reportMissing(inspection);
      detail = found.detail ?? `the object ${subjectName(inspection.event)} was not found, so its labels are not known`;
    }
  }
  if (found?.state !== 'unknown') return { kind: 'dropped', reason: 'labels', detail };
  const pending = found.detail ?? `the labels of ${subjectName(inspection.event)} could not be read yet`;
  return { kind: 'pending', reason: 'labels-unknown', detail: pending };
}

/** Without an apiVersion there is nothing that could be asked for. */
function lookup({ event, labels }: Inspection): Found {
  return event.subject.apiVersion === '' ? { state: 'missing' } : labels.lookup(event.subject);
}

/** What differs, or undefined. */
function compare(
  inspection: Inspection,
  selector: Selector,
  wanted: Readonly<Record<string, string>>,
  has: Readonly<Record<string, string>>,
): string | undefined {
  const pairs = Object.entries(wanted);
  const bad = pairs.find(([key, value]) => !isLabelKey(key) || !LABEL_VALUE.test(value));
  if (bad !== undefined) {
    reportBad(inspection, selector);
    return `matchLabels has ${quoted(`${bad[0]}=${bad[1]}`)}, which no object can carry`;
  }
  const different = pairs.find(([key, value]) => !Object.hasOwn(has, key) || has[key] !== value);
  if (different === undefined) return undefined;
  const [key, value] = different;
  const actual = Object.hasOwn(has, key) ? `is ${quoted(has[key] ?? '')}` : 'is not there';
  return `the label ${quoted(key)} of the object ${actual}, matchLabels wants ${quoted(value)}`;
}

function isLabelKey(key: string): boolean {
  const slash = key.indexOf('/');
  if (slash >= 0 && !LABEL_PREFIX.test(key.slice(0, slash))) return false;
  return LABEL_NAME.test(key.slice(slash + 1));
}

function reportMissing({ event, route, notices }: Inspection): void {
  notices.push({
    route: route.ref,
    reason: 'SourceFetchFailed',
    message: `error getting source object ${subjectName(event)}`,
    subject: event.subject,
  });
}

function reportBad({ event, route, notices }: Inspection, selector: Selector): void {
  notices.push({
    route: route.ref,
    reason: 'InvalidConfig',
    message: `error using matchLabels from event source ${selector.kind}/${selector.namespace}/${selector.name}`,
    subject: event.subject,
  });
}
