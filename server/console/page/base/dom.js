// Makes elements. The console inserts all text as text nodes and never parses a string as markup.

const SVG = 'http://www.w3.org/2000/svg';

let paper = globalThis.document;

/** Makes later elements by another document: a report has none of a browser. */
export function drawOn(other) {
  paper = other;
}

/** Makes an HTML element. A property that begins with `on` is a listener, true an empty attribute; false and null add nothing. */
export function h(name, properties = {}, ...children) {
  return furnish(paper.createElement(name), properties, children);
}

/** Makes an SVG element likewise. */
export function svg(name, properties = {}, ...children) {
  return furnish(paper.createElementNS(SVG, name), properties, children);
}

function furnish(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) set(element, name, value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Sets or removes an attribute, or adds a listener. */
export function set(element, name, value) {
  if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
  else if (value === false || value === null || value === undefined) element.removeAttribute(name);
  else if (name === 'value') element.value = value;
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value === true ? '' : String(value));
}

/** Sets a text if it differs, to avoid needless layout and announcements by screen readers. */
export function setText(element, text) {
  if (element.textContent !== String(text)) element.textContent = text;
}

/**
 * Gives a container one child for each item, in order. Existing children stay, with their focus, selection and expanded parts.
 * @param render Makes a child or updates the existing one: `(item, child | null) => child`.
 */
export function keyed(container, items, keyOf, render) {
  const known = new Map([...container.children].map((child) => [child.dataset.key, child]));
  let next = container.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    const old = known.get(key) ?? null;
    const child = render(item, old);
    child.dataset.key = key;
    known.delete(key);
    if (child === next) next = next.nextElementSibling;
    else container.insertBefore(child, next);
  }
  for (const gone of known.values()) gone.remove();
}

/** The name of a request, with its service less prominent. Lines may break after a dot. */
export function requestName([service, rest]) {
  const pieces = rest.split(/(?<=[._])/).flatMap((piece) => [h('wbr'), piece]);
  return h('span', { class: 'mono request-name' }, h('span', { class: 'service' }, service), pieces);
}

/** The end of a cut text that stays visible, in characters. */
const TAIL = 14;

/** A text on one line; a narrow place cuts its middle. @param before A less prominent beginning. */
export function cut(text, before = '') {
  const tail = Math.min(TAIL, text.length >> 1);
  const head = [before === '' ? null : h('span', { class: 'service' }, before), text.slice(0, text.length - tail)];
  return h('span', { class: 'cut' }, h('span', { class: 'cut-head' }, head), h('span', {}, text.slice(text.length - tail)));
}

/** A button with a text or other content. */
export function button(content, onclick, properties = {}) {
  return h('button', { type: 'button', onclick, ...properties }, content);
}

/** Copies a text to the clipboard and confirms it on the button for a moment. */
export async function copy(text, from) {
  const before = from.textContent;
  try {
    await navigator.clipboard.writeText(text);
    from.textContent = 'Copied';
  } catch {
    from.textContent = 'Could not copy';
  }
  setTimeout(() => (from.textContent = before), 1500);
}

/** Downloads a text as a file. */
export function download(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  h('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
