// The gold of a person: which of two replies they prefer without knowing which model wrote it.

import { element, button } from './dom.js';
import { seeded } from './random.js';
import { readable } from './typeset.js';

const ROUNDS = 8;

export function mountBlind(root, lab) {
  const random = seeded(Date.now());
  const opening = element('p', { class: 'prompt' });
  const cards = element('div', { class: 'cards' });
  const said = element('p', { role: 'status' });
  let asked = 0;
  let won = 0;

  const begin = button('Begin', () => {
    asked = won = 0;
    said.textContent = '';
    ask();
  }, { class: 'quiet', id: 'blind' });

  async function ask() {
    const list = lab.state.prompts.heldOut;
    const prompt = list[Math.floor(random() * list.length)];
    const draw = async (from) => ({ from, text: (await lab.trainer.generate({ prompt, count: 1, temperature: 1, seed: Math.floor(random() * 1e9), from }))[0].text });
    const pair = [await draw('policy'), await draw('reference')];
    if (random() < 0.5) pair.reverse();
    opening.textContent = readable(prompt);
    begin.hidden = true;
    cards.replaceChildren(...pair.map(({ from, text }) => element('button', { type: 'button', class: 'card', onclick: () => pick(from) }, element('span', { class: 'story' }, readable(text)))));
  }

  async function pick(from) {
    const focused = cards.contains(document.activeElement);
    asked += 1;
    if (from === 'policy') won += 1;
    said.textContent = asked < ROUNDS ? `${asked} of ${ROUNDS}` : `You preferred what the taught model wrote in ${won} of ${ROUNDS}. Half would be chance.`;
    if (asked < ROUNDS) {
      await ask();
      if (focused) cards.firstChild.focus();
      return;
    }
    opening.textContent = '';
    cards.replaceChildren();
    begin.hidden = false;
    begin.focus();
  }

  root.append(element('h3', { id: 'blind-title' }, 'A blind test'),
    element('p', {}, `Your gold is known to you alone. Pick from ${ROUNDS} pairs without being told which model wrote what.`), begin, opening, cards, said);
  lab.on('taste iteration', ({ taste, iteration }) => {
    root.hidden = taste !== 'me' || iteration === 0;
  });
}
