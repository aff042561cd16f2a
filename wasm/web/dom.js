// Elements are made by these two functions alone. Text always becomes a text node, so that a story cannot be markup.

const SVG = 'http://www.w3.org/2000/svg';

function fill(node, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value == null || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'vars') for (const [key, to] of Object.entries(value)) node.style.setProperty(`--${key}`, to);
    else if (name === 'value' || name === 'checked' || name === 'selected') node[name] = value;
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return node;
}

/** An HTML element. `vars` are custom properties of its style; `onclick` and the like are listeners. */
export const element = (tag, properties, ...children) => fill(document.createElement(tag), properties, children);

/** An SVG element. */
export const svg = (tag, properties, ...children) => fill(document.createElementNS(SVG, tag), properties, children);

/** A button with a text. */
export const button = (text, onclick, properties) => element('button', { type: 'button', onclick, ...properties }, text);

/** A share from 0 to 1 as percent. */
export const percent = (value) => `${Math.round(value * 100)} %`;
/** A number with so many decimals; a dash for one that is none. */
export const figure = (value, digits = 2) => (Number.isFinite(value) ? `${value < 0 ? '−' : ''}${Math.abs(value).toFixed(digits)}` : '–');
/** A small number as people write it: 3.0 × 10⁻⁴. */
export const scientific = (value) => value.toExponential(1).replace(/e-(\d)$/, (_, digit) => ` × 10⁻${'⁰¹²³⁴⁵⁶⁷⁸⁹'[digit]}`);
/** A number with its sign. */
export const signed = (value, digits = 2) => (value >= 0 ? '+' : '') + figure(value, digits);
