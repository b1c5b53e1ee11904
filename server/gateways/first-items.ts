import { endOfString } from '../../shared/osrf/json.ts';

/** The items of a list of JSON, each as JSON, as many as begin within so many characters. @param list Valid JSON; `''`: no items. */
export function firstItems(list: string, characters: number): string[] {
  const items: string[] = [];
  let start = 1;
  while (start < list.length && start <= characters) {
    const end = endOfItem(list, start, characters);
    const item = list.slice(start, end).trim();
    if (item !== '') items.push(item);
    start = end + 1;
  }
  return items;
}

/** Where the comma or bracket stands behind an item, or a place behind so many characters of the list. */
function endOfItem(list: string, start: number, characters: number): number {
  let depth = 0;
  for (let place = start; place < list.length; place++) {
    const character = list[place];
    if (place > characters || (depth === 0 && (character === ',' || character === ']'))) return place;
    if (character === '"') place = endOfString(list, place);
    else depth += stepOf(character);
  }
  return list.length;
}

function stepOf(character: string | undefined): number {
  if (character === '[' || character === '{') return 1;
  return character === ']' || character === '}' ? -1 : 0;
}
