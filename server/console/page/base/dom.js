// Makes elements. All text goes in as text: nothing here (or anywhere in the console) turns a string into markup.

const SVG = 'http://www.w3.org/2000/svg';

/** An HTML element. Properties that begin with `on` are listeners; false and null are left out; true is an empty attribute. */
export function h(name, properties = {}, ...children) {
  return furnish(document.createElement(name), properties, children);
}

/** The same in SVG. */
export function svg(name, properties = {}, ...children) {
  return furnish(document.createElementNS(SVG, name), properties, children);
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

/** Changes a text only if it is another one, so that nothing is laid out or read aloud for nothing. */
export function setText(element, text) {
  if (element.textContent !== String(text)) element.textContent = text;
}

/**
 * Lets a container have one child for each item, in their order, and keeps the children it has: focus, selection and open parts stay.
 * @param render Makes a child, or changes the one there is: `(item, child | null) => child`.
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

/** The name of a request, its service less prominent. A line may end behind a dot. */
export function requestName([service, rest]) {
  const pieces = rest.split(/(?<=[._])/).flatMap((piece) => [h('wbr'), piece]);
  return h('span', { class: 'mono request-name' }, h('span', { class: 'service' }, service), pieces);
}

/** A button with a text, or with whatever else is in it. */
export function button(content, onclick, properties = {}) {
  return h('button', { type: 'button', onclick, ...properties }, content);
}

/** Puts a text on the clipboard and says so on the button for a moment. */
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

/** Offers a text as a file. */
export function download(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  h('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
