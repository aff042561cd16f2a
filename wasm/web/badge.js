// What computes, and why; how fast; and whether it is paused.

import { element } from './dom.js';

export function mountBadge(root, lab) {
  const compute = element('strong');
  const speed = element('span', { class: 'speed' });
  const why = element('p');
  root.append(element('details', {}, element('summary', {}, element('span', { class: 'lamp', 'aria-hidden': 'true' }), compute, ' ', speed), why));
  lab.on('info speed hidden running lasting isolated', ({ info, speed: tokens, hidden, running, lasting, isolated }) => {
    if (!info) {
      compute.textContent = 'Opening …';
      return;
    }
    compute.textContent = `${info.device ?? 'CPU'}${info.simd ? ' · SIMD' : ''} · ${info.threads} ${info.threads === 1 ? 'thread' : 'threads'}`;
    speed.textContent = hidden ? 'paused: this tab is hidden' : tokens > 0 ? `${Math.round(tokens).toLocaleString('en')} tokens/s` : 'idle';
    root.classList.toggle('going', running !== null && !hidden);
    const kept = lasting === false ? 'This browser keeps nothing for this page: export your work before you leave.' : 'Your work is kept in this browser.';
    const sentence = info.why.charAt(0).toUpperCase() + info.why.slice(1).replace(/\.$/, '');
    why.textContent = `${sentence}. ${isolated ? '' : 'The page is not cross-origin isolated, so that one thread is all it may use; a reload may change this.'} Everything runs in a worker of this tab, and stops while the tab is hidden. ${kept}`;
  });
}
