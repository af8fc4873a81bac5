// What a vendor shows of a payload, as HTML of a few shared shapes: an attachment with a coloured bar, a card, or text.
import { toPicture } from '../../internal/preview/picture.ts';
import { escapeHtml, markdownToHtml, telegramToHtml } from './markup.ts';

/** Turns a request's body into what stands below the sender's name. */
export type ReadPayload = (body: string) => string;

type Pair = readonly [label: string, value: string];

const BARS: Readonly<Record<string, string>> = { good: '#2eb67d', danger: '#e01e5a' };

interface Attachments {
  readonly attachments: readonly {
    readonly color: string;
    readonly author_name: string;
    readonly text: string;
    readonly fields: readonly { readonly title: string; readonly value: string }[];
  }[];
}

/** Slack's format, also of Discord and Rocket.Chat. */
export function readAttachment(body: string): string {
  const { attachments } = JSON.parse(body) as Attachments;
  return attachments
    .map(({ color, author_name: author, text, fields }) => {
      const shown = [bold('author', author), paragraph(text), facts(fields.map(({ title, value }) => [title, value]))];
      return `<div class="attachment" style="--bar: ${BARS[color] ?? color}">${shown.join('')}</div>`;
    })
    .join('');
}

interface AdaptiveCard {
  readonly attachments: readonly { readonly content: { readonly body: readonly { readonly items: readonly AdaptiveItem[] }[] } }[];
}

interface AdaptiveItem {
  readonly type: string;
  readonly text?: string;
  readonly size?: string;
  readonly color?: string;
  readonly facts?: readonly { readonly title: string; readonly value: string }[];
}

/** The Adaptive Card of Microsoft Teams. */
export function readAdaptiveCard(body: string): string {
  const { attachments } = JSON.parse(body) as AdaptiveCard;
  const items = attachments.flatMap(({ content }) => content.body.flatMap((container) => container.items));
  return card(items.map(adaptiveItem).join(''));
}

function adaptiveItem({ text = '', size, color, facts: given = [] }: AdaptiveItem): string {
  if (given.length > 0) return facts(given.map(({ title, value }) => [title, value]));
  if (size === 'large') return bold('title', text);
  return paragraph(text, color === 'attention' ? 'attention' : '');
}

interface GoogleCards {
  readonly cards: readonly {
    readonly header: { readonly title: string; readonly subtitle: string };
    readonly sections: readonly { readonly widgets: readonly GoogleWidget[] }[];
  }[];
}

interface GoogleWidget {
  readonly textParagraph: { readonly text: string } | null;
  readonly keyValue: { readonly topLabel: string; readonly content: string } | null;
}

/** The card of Google Chat; its text is HTML, of which the product writes one tag. */
export function readGoogleCard(body: string): string {
  const { cards } = JSON.parse(body) as GoogleCards;
  return cards
    .map(({ header, sections }) => {
      const head = `<header>${bold('title', header.title)}<div class="subtitle">${escapeHtml(header.subtitle)}</div></header>`;
      return card(head + sections.map(({ widgets }) => `<section>${widgets.map(googleWidget).join('')}</section>`).join(''));
    })
    .join('');
}

function googleWidget({ textParagraph, keyValue }: GoogleWidget): string {
  if (keyValue !== null) return facts([[keyValue.topLabel, keyValue.content]]);
  const [, red] = /^<font color="#ff0000">(.*)<\/font>$/s.exec(textParagraph?.text ?? '') ?? [];
  return paragraph(red ?? textParagraph?.text ?? '', red === undefined ? '' : 'attention');
}

interface LarkCard {
  readonly card: {
    readonly header: { readonly title: { readonly content: string }; readonly template: string };
    readonly elements: readonly { readonly text: { readonly content: string } }[];
  };
}

/** The card of Lark and Feishu. */
export function readLarkCard(body: string): string {
  const { header, elements } = (JSON.parse(body) as LarkCard).card;
  const head = `<header class="${escapeHtml(header.template)}">${bold('title', header.title.content)}</header>`;
  return card(`${head}<section>${elements.map(({ text }) => markdownToHtml(text.content)).join('')}</section>`);
}

interface ZoomMessage {
  readonly content: {
    readonly head: { readonly text: string; readonly sub_head: { readonly text: string } };
    readonly body: readonly {
      readonly text?: string;
      readonly items?: readonly { readonly key: string; readonly value: string }[];
    }[];
  };
}

/** The message of Zoom's Incoming Webhook app. */
export function readZoomMessage(body: string): string {
  const { head, body: parts } = (JSON.parse(body) as ZoomMessage).content;
  const shown = parts.map(({ text, items = [] }) =>
    text === undefined ? facts(items.map(({ key, value }) => [key, value])) : paragraph(text),
  );
  return card(`${bold('title', head.text)}<div class="subtitle">${escapeHtml(head.sub_head.text)}</div>${shown.join('')}`);
}

/** Webex. */
export function readMarkdown(body: string): string {
  return markdownToHtml((JSON.parse(body) as { readonly markdown: string }).markdown);
}

/** Zulip, whose messages are forms. */
export function readForm(body: string): string {
  return markdownToHtml(new URLSearchParams(body).get('content') ?? '');
}

/** Matrix: text without markup. */
export function readPlain(body: string): string {
  return paragraph((JSON.parse(body) as { readonly body: string }).body.trimEnd());
}

/** Telegram. */
export function readTelegram(body: string): string {
  return `<p>${telegramToHtml((JSON.parse(body) as { readonly text: string }).text)}</p>`;
}

/** Any other: the words of the payload as the product's own preview finds them. */
export function readAnything(body: string): string {
  return card(
    toPicture(body, '')
      .map((line) => paragraph(line))
      .join(''),
  );
}

function card(html: string): string {
  return `<div class="card">${html}</div>`;
}

function bold(name: string, text: string): string {
  return `<div class="${name}">${escapeHtml(text)}</div>`;
}

function paragraph(text: string, name = ''): string {
  return `<p class="${name}">${escapeHtml(text)}</p>`;
}

function facts(pairs: readonly Pair[]): string {
  return `<dl>${pairs.map(([label, value]) => `<div><dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd></div>`).join('')}</dl>`;
}
