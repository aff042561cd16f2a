// Stage 2: replies to one opening, and the visitor says which they like best, or in which order.

import { element, button, percent } from './dom.js';
import { ENOUGH_VOTES } from './lab.js';
import { Ballot } from './ballot.js';
import { readable } from './typeset.js';
import { simulateVotes, watch } from './watch.js';

const KEYS = '1234';

export function mountVote(root, lab) {
  const opening = element('p', { class: 'prompt' });
  const cards = element('div', { class: 'cards', role: 'group', 'aria-label': 'Replies' });
  const said = element('p', { class: 'sr', role: 'status' });
  const dots = element('div', { class: 'tally' });
  const heading = element('h2');
  const lead = element('p', { class: 'lead' });
  const ballot = new Ballot(lab);

  const draw = () => {
    opening.textContent = readable(ballot.prompt);
    cards.dataset.count = ballot.replies.length;
    cards.replaceChildren(...ballot.replies.map((reply, at) => {
      const rank = ballot.order.indexOf(at);
      return element('button', { type: 'button', class: 'card', 'data-reply': at, onclick: () => choose(at), 'aria-keyshortcuts': KEYS[at], ...(rank >= 0 ? { 'data-rank': rank + 1 } : {}) },
        element('kbd', { 'aria-hidden': 'true' }, KEYS[at]), element('span', { class: 'story' }, readable(reply.text)),
        rank >= 0 && ballot.replies.length > 2 ? element('span', { class: 'rank' }, `${rank + 1}. place`) : null);
    }));
  };
  ballot.onchange = draw;

  /** The simulated visitor's question, and then their choice. */
  const drawWatched = ({ prompt, replies, ranks }) => {
    opening.textContent = readable(prompt);
    cards.dataset.count = replies.length;
    cards.replaceChildren(...replies.map((text, at) => {
      const chosen = ranks !== null && ranks[at] === 1 && Math.max(...ranks) > 1;
      return element('div', { class: `card watched${chosen ? ' chosen' : ''}` }, element('span', { class: 'story' }, readable(text)),
        ranks ? element('span', { class: 'rank' }, Math.max(...ranks) === 1 ? 'no difference' : `${ranks[at]}. place`) : null);
    }));
  };

  async function choose(at) {
    const had = cards.contains(document.activeElement);
    const done = ballot.choose(at);
    if (!done) return draw();
    cards.querySelector(`[data-reply="${at}"]`)?.classList.add('chosen');
    await finish(ballot.replies.length === 2 ? `You prefer reply ${at + 1}.` : 'Your order is noted.', had ? at : -1);
  }

  async function finish(text, focus = -1) {
    const count = lab.state.votes + 1;
    await ballot.cast();
    said.textContent = `${text} Vote ${count} is kept.`;
    await ballot.next();
    if (focus >= 0) cards.children[Math.min(focus, cards.children.length - 1)]?.focus();
    if (count >= ENOUGH_VOTES) lab.fit();
  }

  const tie = () => ballot.tie() && finish('No difference.');
  const fresh = () => ballot.next();

  document.addEventListener('keydown', (event) => {
    if (lab.state.stage !== 'vote' || lab.state.watched || event.ctrlKey || event.metaKey || event.altKey) return;
    const { target } = event;
    if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement) return;
    const at = KEYS.indexOf(event.key);
    const two = ballot.replies.length === 2;
    if (at >= 0 && at < ballot.replies.length) choose(at);
    else if (two && event.key === 'ArrowLeft') choose(0);
    else if (two && event.key === 'ArrowRight') choose(1);
    // Space on a focused button presses that button, as everywhere.
    else if (event.key === ' ' && (!(target instanceof HTMLButtonElement) || target.classList.contains('card'))) tie();
    else if (event.key === 'n') fresh();
    else if (event.key === 'Backspace') ballot.undo();
    else return;
    event.preventDefault();
  });

  const count = element('select', { id: 'replies', onchange: () => lab.update({ replies: Number(count.value) }) },
    [2, 3, 4].map((k) => element('option', { value: k }, k === 2 ? 'two, and I pick one' : `${k}, and I rank them`)));
  const help = element('div', { class: 'row simulated' },
    button('Let them vote 20 times', () => simulateVotes(lab, 20), { class: 'primary', id: 'simulate' }),
    button('Watch the whole story', () => watch(lab), { class: 'quiet' }));
  root.append(heading, lead, help, opening, cards,
    element('div', { class: 'row' },
      button('No difference', tie, { class: 'quiet', id: 'tie', 'aria-keyshortcuts': 'Space' }), button('Other replies', fresh, { class: 'quiet', id: 'fresh', 'aria-keyshortcuts': 'n' }),
      element('span', { class: 'grow' }), element('label', { for: 'replies' }, 'Show'), count),
    element('p', { class: 'hint keys' }, 'Keys: ', element('kbd', {}, '1'), ' ', element('kbd', {}, '2'), ' or arrows pick, ', element('kbd', {}, 'space'), ' is no difference, ', element('kbd', {}, 'n'), ' is other replies.'),
    dots, said);

  lab.on('watching', ({ watching }) => root.classList.toggle('watching', watching));
  lab.on('ready replies taste keyword', (state) => {
    heading.textContent = lab.simulated ? `${lab.visitor.name}: a simulated visitor votes` : 'Which do you like better?';
    lead.textContent = lab.simulated ? `${lab.visitor.sentence} They rank four replies at a time. You may also vote in their place.` : 'There is no right answer. Be consistent, and the model will find out what you mean.';
    help.hidden = !lab.simulated;
    count.value = state.replies;
    if (state.ready) ballot.next();
  });
  lab.on('watched', ({ watched }) => {
    if (watched) drawWatched(watched);
    else if (ballot.replies.length) draw();
  });
  lab.on('votes fit running', ({ votes, fit, running }) => {
    const shown = Math.min(votes, 200);
    if (dots.dataset.votes !== String(votes)) {
      dots.dataset.votes = votes;
      dots.replaceChildren(element('span', { class: 'bars', 'aria-hidden': 'true', vars: { count: shown } }), element('span', { class: 'count' }));
    }
    const missing = ENOUGH_VOTES - votes;
    const learned = fit?.heldBackAccuracy != null ? `The reward model foresees ${percent(fit.heldBackAccuracy)} of the ${fit.heldBackVotes} votes that it was not shown.` : fit ? `The reward model agrees with ${percent(fit.accuracy)} of them.` : '';
    dots.lastChild.textContent = missing > 0 ? `${votes === 0 ? 'No votes yet' : votes === 1 ? '1 vote' : `${votes} votes`}. After ${missing} more the reward model begins to learn.` : `${votes} votes. ${running === 'fit' && !fit ? 'The reward model is learning.' : learned}`;
  });
}
