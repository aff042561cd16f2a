// A text whose tokens are colored by a figure: amber above zero, blue below. The figures appear on hover and on focus.

import { element, signed } from './dom.js';
import { spaces } from './typeset.js';

/** What a token can be colored by: its name, what it means, and the value at which the color is full. */
export const MEASURES = {
  logRatio: { name: 'log-ratio', sentence: 'how much more often (amber) or less often (blue) the taught model picks this word here', full: 2 },
  reward: { name: 'reward', sentence: 'what the reward model thinks of the text up to this word', full: null },
  value: { name: 'value', sentence: 'which reward the critic expects after this word', full: null },
};

const tip = () => document.getElementById('tip');

function showTip(target, rows) {
  const box = tip();
  box.replaceChildren(...rows.map(([name, value]) => element('div', {}, element('span', {}, name), element('b', {}, value))));
  box.hidden = false;
  const { left, top, bottom, width } = target.getBoundingClientRect();
  const half = box.offsetWidth / 2;
  const middle = Math.min(Math.max(left + width / 2, half + 8), innerWidth - half - 8);
  const above = top > box.offsetHeight + 12;
  box.style.left = `${middle + scrollX}px`;
  box.style.top = `${(above ? top - box.offsetHeight - 8 : bottom + 8) + scrollY}px`;
}

const hideTip = () => {
  tip().hidden = true;
};

/**
 * A line of tokens. `columns` are figures `{ name, values }` of the same length as `tokens`, and `color` names the one that colors.
 * One token is in the order of the tab key; arrows go to the others.
 */
export function tokenLine(tokens, columns, color) {
  const colored = columns.find(({ name }) => name === color) ?? columns[0];
  const full = MEASURES[color]?.full ?? Math.max(1e-6, ...Array.from(colored?.values ?? [1], Math.abs));
  const line = element('span', { class: 'tokens', role: 'group', 'aria-label': 'Words with figures; arrow keys go through them' });
  const spans = tokens.map((token, at) => {
    const value = colored?.values[at];
    const rows = columns.filter(({ values }) => values[at] !== undefined).map(({ name, values }) => [MEASURES[name]?.name ?? name, signed(values[at])]);
    const level = Number.isFinite(value) ? Math.max(-1, Math.min(1, value / full)) : 0;
    const end = token.text.trim() === '';
    const word = end ? '∎' : token.text;
    const span = element('button', {
      type: 'button', class: 'token', tabindex: at === 0 ? 0 : -1, 'aria-label': `${end ? 'the end' : word}: ${rows.map((row) => row.join(' ')).join(', ')}`,
      vars: { up: Math.max(level, 0).toFixed(3), down: Math.max(-level, 0).toFixed(3) },
      onmouseenter: () => showTip(span, rows), onmouseleave: hideTip, onfocus: () => showTip(span, rows), onblur: hideTip,
    }, word);
    return span;
  });
  line.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = spans[spans.indexOf(document.activeElement) + step];
    if (!step || !next) return;
    event.preventDefault();
    for (const span of spans) span.tabIndex = span === next ? 0 : -1;
    next.focus();
  });
  const before = spaces(tokens.map(({ text }) => text.trim()));
  // What hangs on a word stays on its line.
  let group = null;
  for (const [at, span] of spans.entries()) {
    if (before[at]) line.append(' ');
    if (before[at] || group === null) line.append(group = element('span', { class: 'glued' }));
    group.append(span);
  }
  return line;
}
