// How vendors draw a message. A look is a few colours, a font and who seems to speak; a chat type without one here is drawn
// like a plain card.
import {
  readAdaptiveCard,
  readAnything,
  readAttachment,
  readForm,
  readGoogleCard,
  readLarkCard,
  readMarkdown,
  type ReadPayload,
  readPlain,
  readTelegram,
  readZoomMessage,
} from './read-payload.ts';

export interface Look {
  readonly read: ReadPayload;
  readonly sender: string;
  /** Behind the sender's name; empty for none. */
  readonly badge: string;
  /** Names the class of `page.css` that goes beyond colours; empty for none. */
  readonly shape: '' | 'bubble' | 'facts-beside' | 'boxed';
  readonly colours: {
    readonly background: string;
    readonly text: string;
    readonly muted: string;
    readonly border: string;
    readonly card: string;
    readonly badge: string;
    readonly accent: string;
  };
  readonly font: string;
  /** Round, or a square with round corners. */
  readonly avatarRadius: string;
}

const LIGHT: Look = {
  read: readAnything,
  sender: 'Tocsin',
  badge: '',
  shape: '',
  colours: {
    background: '#ffffff',
    text: '#1d1c1d',
    muted: '#616061',
    border: '#dddddd',
    card: '#ffffff',
    badge: '#e8e8e8',
    accent: '#c4314b',
  },
  font: 'Inter',
  avatarRadius: '50%',
};

const LOOKS: Readonly<Record<string, Partial<Look>>> = {
  slack: { read: readAttachment, sender: 'kustomize-controller', badge: 'APP', font: 'Lato', avatarRadius: '6px' },
  discord: {
    read: readAttachment,
    sender: 'flux',
    badge: 'APP',
    shape: 'boxed',
    font: 'Noto Sans',
    colours: {
      background: '#313338',
      text: '#dbdee1',
      muted: '#949ba4',
      border: '#2b2d31',
      card: '#2b2d31',
      badge: '#5865f2',
      accent: '#f23f43',
    },
  },
  rocket: { read: readAttachment, sender: 'flux', badge: 'Bot', shape: 'boxed', avatarRadius: '4px' },
  msteams: {
    read: readAdaptiveCard,
    sender: 'Flux via Workflows',
    shape: 'facts-beside',
    font: 'Noto Sans',
    colours: { ...LIGHT.colours, background: '#f5f5f5', text: '#242424', border: '#e0e0e0' },
  },
  googlechat: { read: readGoogleCard, sender: 'Flux', badge: 'App', font: 'Roboto', colours: { ...LIGHT.colours, accent: '#ff0000' } },
  webex: { read: readMarkdown, sender: 'Tocsin', badge: 'Bot' },
  telegram: {
    read: readTelegram,
    shape: 'bubble',
    font: 'Roboto',
    colours: { ...LIGHT.colours, background: '#a9c7a0', card: '#ffffff', accent: '#3a8ee6', muted: '#8a9aa5' },
  },
  lark: { read: readLarkCard, sender: 'Custom bot', badge: 'BOT', font: 'Noto Sans' },
  matrix: { read: readPlain, sender: 'tocsin', colours: { ...LIGHT.colours, accent: '#0a7a5a' } },
  zoom: { read: readZoomMessage, sender: 'Incoming Webhook', badge: 'App', font: 'Lato', avatarRadius: '8px', shape: 'facts-beside' },
  zulip: { read: readForm, sender: 'Tocsin', badge: '', font: 'Noto Sans', avatarRadius: '5px' },
};

/** The look of a chat type. */
export function lookOf(type: string): Look {
  return { ...LIGHT, ...LOOKS[type] };
}
