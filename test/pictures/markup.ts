// The markup of chat messages as HTML: as much of it as the messages of providers hold.

/** Text in HTML, nothing of it markup. */
export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Markdown: headings, lists, quotes, bold and code; every other line as it stands. */
export function markdownToHtml(markdown: string): string {
  const lines = markdown.trimEnd().split('\n');
  return lines.map(lineToHtml).join('');
}

function lineToHtml(line: string): string {
  const [, sign = '', rest = line] = /^(## |\* |>)(.*)$/s.exec(line) ?? [];
  const html = inlineToHtml(rest);
  if (sign === '## ') return `<h2>${html}</h2>`;
  if (sign === '* ') return `<li>${html}</li>`;
  if (sign === '>') return `<blockquote>${html}</blockquote>`;
  return html === '' ? '<div class="gap"></div>' : `<p>${html}</p>`;
}

function inlineToHtml(text: string): string {
  return escapeHtml(text)
    .replaceAll(/\*\*(.+?)\*\*/g, '<b>$1</b>')
    .replaceAll(/`(.+?)`/g, '<code>$1</code>');
}

/** Telegram's MarkdownV2: single asterisks are bold, a backslash takes its meaning from what follows. */
export function telegramToHtml(markdown: string): string {
  return escapeHtml(markdown.trimEnd()).replaceAll(/\\(.)|\*/g, bold());
}

function bold(): (match: string, escaped: string | undefined) => string {
  let isOpen = false;
  return (_match, escaped) => {
    if (escaped !== undefined) return escaped;
    isOpen = !isOpen;
    return isOpen ? '<b>' : '</b>';
  };
}
