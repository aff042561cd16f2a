// Stage 1: what the model writes before anybody taught it.

import { element, button } from './dom.js';
import { readable } from './typeset.js';
import { watch } from './watch.js';

export function mountPretrained(root, lab) {
  const stories = element('div', { class: 'stories' });
  const prompt = element('select', { id: 'first-prompt', onchange: () => lab.update({ prompt: Number(prompt.value) }) });
  let seed = 1;
  const write = async () => {
    const { opening } = lab;
    const replies = await lab.trainer.generate({ prompt: opening, count: 3, seed, from: 'reference', temperature: lab.state.temperature });
    stories.replaceChildren(...replies.map(({ text }) => element('p', { class: 'story' }, element('span', { class: 'opening' }, readable(opening)), ' ', readable(text))));
  };
  const watchButton = button('Watch the whole story', () => watch(lab), { class: 'primary', id: 'watch' });
  root.append(
    element('h2', {}, 'A model that nobody taught'),
    element('p', { class: 'lead' }, 'It has read many very short stories, and continues any opening. Some of its endings are happy, some sad, some scary: it has no taste of its own. You can give it one.'),
    element('div', { class: 'row' },
      button('Teach it my taste', () => lab.update({ stage: 'vote' }), { class: 'primary' }), watchButton,
      element('span', { class: 'hint' }, 'A simulated visitor votes, and the model learns, in about a minute.')),
    element('div', { class: 'row field' }, element('label', { for: 'first-prompt' }, 'Opening'), prompt,
      button('Write three more', () => { seed += 3; write(); }, { class: 'quiet' })),
    stories,
  );
  lab.on('ready prompt', (state) => {
    if (!state.ready) return;
    if (!prompt.options.length) prompt.append(...lab.openings.map((text, at) => element('option', { value: at }, readable(text))));
    prompt.value = state.prompt;
    write();
  });
}
