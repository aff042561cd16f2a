// The bar on top: five stages with what each knows right now, the current one lit.

import { element } from './dom.js';
import { STAGES } from './stages.js';

export function mountPipeline(root, lab) {
  const items = STAGES.map((stage, at) => {
    const now = element('span', { class: 'now' });
    const step = element('button', { type: 'button', class: 'step', 'data-stage': stage.key, onclick: () => lab.update({ stage: stage.key }) },
      element('span', { class: 'dot', 'aria-hidden': 'true' }, String(at + 1)),
      element('span', { class: 'name' }, stage.name), ' ', now);
    return { stage, now, step };
  });
  root.append(element('ol', {}, items.map(({ step }) => element('li', {}, step))));
  lab.on('stage info votes fit rule running iteration base history', (state) => {
    for (const { stage, now, step } of items) {
      const text = stage.now(state);
      if (now.textContent !== text) now.textContent = text;
      if (stage.key === state.stage) step.setAttribute('aria-current', 'step');
      else step.removeAttribute('aria-current');
      step.classList.toggle('done', stage.done(state));
    }
  });
}
