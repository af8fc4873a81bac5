// One page with the messages of one chat, as the picture shows them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { escapeHtml } from './markup.ts';
import type { Look } from './looks.ts';

export interface ShownMessage {
  /** The request's body. */
  readonly body: string;
  /** As a chat writes it. */
  readonly time: string;
}

/** A bell: whose picture a bot shows is the team's choice. */
const AVATAR =
  '<svg viewBox="0 0 24 24" width="22" height="22"><path fill="#fff" d="M12 2a1.5 1.5 0 0 0-1.5 1.5v.7A6 6 0 0 0 6 10v4.6L4 17v1h16v-1l-2-2.4V10a6 6 0 0 0-4.500-5.800v-.7A1.500 1.500 0 0 0 12 2zm-2 17a2 2 0 0 0 4 0z"/></svg>';

/** HTML that needs nothing else. */
export function toPage(look: Look, messages: readonly ShownMessage[]): string {
  const { colours, font, avatarRadius } = look;
  const variables = Object.entries(colours).map(([name, value]) => `--${name}: ${value};`);
  const style = `:root { ${variables.join(' ')} --font: '${font}'; --avatar-radius: ${avatarRadius}; }`;
  const css = readFileSync(join(import.meta.dirname, 'page.css'), 'utf8');
  const shown = messages.map((message) => toMessage(look, message)).join('');
  return `<!doctype html><meta charset="utf-8"><style>${style}${css}</style><body class="${look.shape}">${shown}</body>`;
}

function toMessage({ read, sender, badge }: Look, { body, time }: ShownMessage): string {
  const name = `<b class="sender">${escapeHtml(sender)}</b>${badge === '' ? '' : `<span class="badge">${badge}</span>`}`;
  return `<article><div class="avatar">${AVATAR}</div><div class="content"><div class="head">${name}<time>${time}</time></div>${read(body)}</div></article>`;
}
