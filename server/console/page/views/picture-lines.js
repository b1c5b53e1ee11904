// The lines of the picture: from each group to the server in the middle.

import { svg } from '../base/dom.js';

/** Draws the lines between the current positions of the cards; keeps existing lines. */
export function drawLines(picture, lines) {
  const frame = picture.getBoundingClientRect();
  const server = picture.querySelector('.server')?.getBoundingClientRect();
  if (server === undefined || frame.width === 0) return;
  lines.setAttribute('viewBox', `0 0 ${frame.width} ${frame.height}`);
  const known = new Map([...lines.querySelectorAll('path')].map((path) => [path.dataset.key, path]));
  for (const card of picture.querySelectorAll('.group')) {
    const { key } = card.dataset;
    const path = known.get(key) ?? lines.insertBefore(svg('path', { class: 'line', 'data-key': key }), lines.firstChild);
    known.delete(key);
    path.setAttribute('d', curve(relative(card.getBoundingClientRect(), frame), relative(server, frame)));
  }
  for (const path of known.values()) path.remove();
}

function relative(rect, frame) {
  return { left: rect.left - frame.left, right: rect.right - frame.left, top: rect.top - frame.top, bottom: rect.bottom - frame.top };
}

/** From the group to the server: horizontal if they are side by side, vertical if they are in one column. */
function curve(group, server) {
  const groupX = (group.left + group.right) / 2;
  const groupY = (group.top + group.bottom) / 2;
  if (group.right < server.left) return sideways(group.right, groupY, server.left, between(groupY, server));
  if (group.left > server.right) return sideways(group.left, groupY, server.right, between(groupY, server));
  return group.bottom < server.top ? upright(groupX, group.bottom, server.top) : upright(groupX, group.top, server.bottom);
}

/** The point on the server's side that is nearest to the group's height. */
function between(y, { top, bottom }) {
  const margin = Math.min(24, (bottom - top) / 2);
  return Math.max(top + margin, Math.min(bottom - margin, y));
}

function sideways(x1, y1, x2, y2) {
  const middle = (x1 + x2) / 2;
  return `M ${x1} ${y1} C ${middle} ${y1}, ${middle} ${y2}, ${x2} ${y2}`;
}

function upright(x, y1, y2) {
  return `M ${x} ${y1} L ${x} ${y2}`;
}
