// A reward that the visitor writes: so many points for each place where a text appears. It takes the place of the reward model.

import { element, button } from './dom.js';

export function mountRule(root, lab) {
  const on = element('input', { type: 'checkbox', id: 'rule-on', onchange: () => change(lab.state.terms, on.checked) });
  const rows = element('div', { class: 'terms' });

  function change(terms, active = lab.state.rule !== null) {
    lab.update({ terms, rule: active ? terms : null });
    lab.keep();
  }

  root.append(
    element('h3', { id: 'rule-title' }, 'A rule instead'),
    element('p', {}, 'You can also write the reward by hand, and see what a model makes of a rule that sounded harmless.'),
    rows,
    element('div', { class: 'row' },
      button('Another line', () => change([...lab.state.terms, { text: '', weight: 1 }]), { class: 'quiet' }),
      element('label', { class: 'switch' }, on, ' PPO follows this rule')),
  );
  lab.on('terms rule', ({ terms, rule }) => {
    on.checked = rule !== null;
    if (rows.childElementCount === terms.length && rows.contains(document.activeElement)) return;
    rows.replaceChildren(...terms.map((term, at) => {
      const edit = (patch) => change(lab.state.terms.map((old, other) => (other === at ? { ...old, ...patch } : old)));
      return element('div', { class: 'term' },
        element('input', { type: 'number', step: 'any', value: term.weight, 'aria-label': `Points of line ${at + 1}`, oninput: ({ target }) => edit({ weight: Number(target.value) || 0 }) }),
        element('span', {}, 'for each'),
        element('input', { type: 'text', maxlength: 40, value: term.text, spellcheck: 'false', 'aria-label': `Text of line ${at + 1}`, oninput: ({ target }) => edit({ text: target.value }) }),
        button('×', () => change(lab.state.terms.filter((_, other) => other !== at)), { class: 'quiet', 'aria-label': `Remove line ${at + 1}` }));
    }));
  });
}
