// What to do about a delivery that did not arrive, one sentence for each reason.
import type { Delivery } from '../internal/outbox/store.ts';
import type { Reason } from '../internal/sdk/outcome.ts';

const ADVICE: Readonly<Record<Reason, string>> = {
  auth: 'the credentials were refused: renew the token in the Secret; it is tried again when the Provider or its Secret changes',
  'rate-limited': 'the vendor asked to wait, and it is tried again then; fewer Alerts on the same Provider make fewer messages',
  'bad-request': 'it is refused as it is and not tried again: see the words above, and "tocsin render" for what is sent',
  'not-found':
    'nothing is at this address any more: check spec.address or the address in the Secret; the webhook or channel may have been deleted',
  'too-large': 'the message is larger than the vendor takes: see "tocsin render" for how large it is',
  server: 'the vendor failed; it is tried again on the schedule',
  timeout: 'no answer came in time: try "tocsin check" and spec.timeout of the Provider',
  network: 'no connection came about: look at the address, its DNS name, proxies and certificates; "tocsin check" tries them',
  egress: 'this server does not send there: --egress-allow permits an address that is refused',
  config: 'the Provider cannot work as it is configured: mend it or its Secret; "tocsin lint" and "tocsin check" say more',
  'target-gone': 'its Provider does not exist any more: create it again within the hour, or cancel the delivery',
  suspended: 'its Provider is suspended: resume it within 24 hours of the event',
  expired: 'it could not be delivered within 24 hours and is not tried any more: "tocsin replay" sends it again',
  cancelled: 'a person ended it: "tocsin replay" sends it again',
  bug: 'this is a mistake of Tocsin: its log says more',
};

/** What to do, or undefined for a delivery that needs nothing. */
export function adviceFor(delivery: Pick<Delivery, 'state' | 'reason'>): string | undefined {
  if (delivery.state === 'delivered' || delivery.state === 'superseded' || delivery.reason === undefined) return undefined;
  return ADVICE[delivery.reason];
}

/** What to do where a check failed: nothing is waiting or ended, and who reads it has just checked. */
const CHECK_ADVICE: Partial<Readonly<Record<Reason, string>>> = {
  auth: 'the credentials were refused: renew the token in the Secret',
  'rate-limited': 'the vendor asks to wait: check again later',
  'bad-request': 'the vendor does not understand the question: look at the address and the credentials',
  server: 'the vendor failed: check again later',
  timeout: 'no answer came in time: look at the address and the network between, or raise spec.timeout of the Provider',
  network: 'no connection came about: look at the address, its DNS name, proxies and certificates',
  config: 'the Provider cannot work as it is configured: mend it or its Secret; "tocsin lint" says more',
  suspended: 'its Provider is suspended: remove spec.suspend',
};

/** What to do about the reason for which a check failed. */
export function adviceForCheck(reason: Reason): string {
  return CHECK_ADVICE[reason] ?? ADVICE[reason];
}
