// The table of runs: each reset puts the run that was under way here, to be compared and shown behind the curve.

import { element, button, percent, figure, scientific } from './dom.js';
import { tasteOf } from './tastes.js';

export function mountRuns(root, lab) {
  const body = element('tbody');
  const table = element('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-labelledby': 'runs-title' }, element('table', {},
    element('thead', {}, element('tr', {}, ['Show', 'Taste', 'β', 'Learning rate', 'Iterations', 'Proxy', 'KL', 'Gold', ''].map((name) => (name ? element('th', { scope: 'col' }, name) : element('td'))))), body));
  const none = element('p', { class: 'hint' }, 'When you reset the policy, its run is kept here, so that you can try other settings and compare.');
  root.append(element('h3', { id: 'runs-title' }, 'Runs'), none, table,
    button('Keep this run and start another', () => lab.reset(), { class: 'quiet' }));
  lab.on('runs shown', ({ runs, shown }) => {
    none.hidden = runs.length > 0;
    table.hidden = runs.length === 0;
    body.replaceChildren(...runs.map((run) => {
      const name = tasteOf(run.taste, run.keyword).name + (run.rule ? ', own rule' : '');
      const show = element('input', { type: 'checkbox', checked: shown.includes(run.id), 'aria-label': `Show the run of ${name} in the chart`, onchange: () => lab.update({ shown: show.checked ? [...lab.state.shown, run.id] : lab.state.shown.filter((id) => id !== run.id) }) });
      return element('tr', {},
        element('td', {}, show), element('th', { scope: 'row' }, name),
        [figure(run.beta, 3), scientific(run.rate), run.iterations, figure(run.score), figure(run.kl, 1), run.gold === null ? '–' : `${percent(run.base ?? 0)} → ${percent(run.gold)}`].map((cell) => element('td', {}, String(cell))),
        element('td', {}, button('settings', () => lab.set({ beta: run.beta, temperature: run.temperature, rate: run.rate }), { class: 'link', 'aria-label': `Take the settings of ${name}` }), ' ',
          button('×', () => lab.dropRun(run.id), { class: 'quiet', 'aria-label': `Remove the run of ${name}` })));
    }));
  });
}
